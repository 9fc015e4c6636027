"""Top-5 recall of several labels per row in per cent: mean over classes (the headline), over labels, and over rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOP = 5


def top_recalls(scores: NDArray, labels: Sequence[Sequence[int]], top: int = TOP) -> dict[str, float]:
    """Return ``{class_mean, micro, sample}`` of scores (N, C) and the labels of each row.

    A label is recalled if its class is among the ``top`` best scores of its row (of equal scores the first). Classes
    that no row has don't count, and a label that a row has twice counts once.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    true = np.zeros(scores.shape, dtype=bool)
    chosen = np.zeros(scores.shape, dtype=bool)
    for row, row_labels in enumerate(labels):
        true[row, list(row_labels)] = True
    np.put_along_axis(chosen, best, True, axis=1)
    hits = true & chosen
    present = true.any(axis=0)
    by_class = hits.sum(axis=0)[present] / true.sum(axis=0)[present]
    by_row = hits.sum(axis=1) / true.sum(axis=1)
    means = {"class_mean": by_class.mean(), "micro": hits.sum() / true.sum(), "sample": by_row.mean()}
    return {name: 100.0 * float(value) for name, value in means.items()}
