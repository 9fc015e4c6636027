"""1 - AUED, the planning metric: how near the best of a few samples comes to the true future, over all lengths.

ED(z) is the mean over items of the least edit distance, among the samples, between the first z predicted and the first
z true steps, divided by z; AUED is the area under ED(1..Z) by the trapezoid rule, divided by Z - 1. The distance is
Levenshtein's: the authors' comments say Damerau, their code counts no transpositions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def prefix_distances(a: NDArray, b: NDArray) -> NDArray[np.int64]:
    """Return the edit distances (..., Z) between the first z items of ``a`` and of ``b``, (..., Z) each, z = 1..Z.

    Leading axes are broadcast. Both prefixes have the same length, so these are the diagonal of one table.
    """
    differ = (a[..., :, None] != b[..., None, :]).astype(np.int8)
    *lead, length, _ = differ.shape
    above = [np.full(lead, column, np.int8) for column in range(length + 1)]
    diagonal = []
    for row in range(1, length + 1):
        line = [np.full(lead, row, np.int8)]
        for column in range(1, length + 1):
            replaced = above[column - 1] + differ[..., row - 1, column - 1]
            line.append(np.minimum(replaced, np.minimum(above[column], line[-1]) + 1))
        diagonal.append(line[row])
        above = line
    return np.stack(diagonal, axis=-1).astype(np.int64)


def length_weights(horizon: int) -> NDArray[np.float64]:
    """Return the weight (Z,) of the edit distance (a count) of each length in AUED; Z must be 2 or more."""
    trapezoid = np.ones(horizon)
    trapezoid[[0, -1]] = 0.5
    return trapezoid / (horizon - 1) / np.arange(1, horizon + 1)


def aued(samples: NDArray, futures: NDArray) -> float:
    """Return AUED of samples (N, K, Z) for true futures (N, Z); 0 is perfect."""
    least = prefix_distances(samples, futures[:, None, :]).min(axis=1)
    return float(least.mean(axis=0) @ length_weights(futures.shape[-1]))
