"""Confidence intervals by the bootstrap over images.

Queries about one image share its faults, so images are drawn anew, not queries. Every figure of the house is a mean or
a ratio of sums, hence determined by two sums per image.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Ratio:
    """A figure as a ratio of sums over images.

    Attributes:
        numerators, denominators: (I,) per image; for a mean the sum and the count.
    """

    numerators: NDArray[Any]
    denominators: NDArray[Any]

    @classmethod
    def of(cls, images: Sequence[Hashable], above: ArrayLike, below: ArrayLike | None = None) -> Ratio:
        """Return the ratio of rows' values summed by image; ``below`` None makes it the mean of ``above``."""
        _, number = np.unique([str(image) for image in images], return_inverse=True)
        count = int(number.max()) + 1 if len(images) else 0
        weights = np.ones(len(images)) if below is None else np.asarray(below, dtype=np.float64)
        return cls(np.bincount(number, np.asarray(above, dtype=np.float64), count), np.bincount(number, weights, count))

    @property
    def value(self) -> float | None:
        """The figure itself; None where there is nothing to divide by."""
        total = float(self.denominators.sum())
        return float(self.numerators.sum()) / total if total else None

    def interval(self, seed: int = 0) -> tuple[float, float] | None:
        """Return the bounds between which ``LEVEL`` of the resampled figures lie; None without any."""
        count = len(self.numerators)
        if not count or not self.denominators.sum():
            return None
        drawn = np.random.default_rng(seed).integers(count, size=(RESAMPLES, count))
        below = self.denominators[drawn].sum(axis=1)
        values = self.numerators[drawn].sum(axis=1)[below > 0] / below[below > 0]
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)
