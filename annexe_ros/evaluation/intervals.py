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

from annexe_ros.core.errors import ParameterError

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
        return _bounds(self._resampled(seed))

    def gain(self, before: Ratio, seed: int = 0) -> tuple[float, float] | None:
        """Return such bounds of this figure minus ``before``, which is of the same images; None without any.

        Both are resampled with the same images, so that what makes an image hard for both falls out. Raises
        ``ParameterError`` where they can't be of the same images.
        """
        if self.value is None or before.value is None:
            return None
        if len(self.numerators) != len(before.numerators):
            counts = f"{len(self.numerators)} and {len(before.numerators)}"
            raise ParameterError(f"a gain is of the same images, not of {counts}")
        return _bounds(self._resampled(seed) - before._resampled(seed))

    def _resampled(self, seed: int) -> NDArray[np.float64]:
        """Return the figure (R,) of each sample of images; NaN where there is nothing to divide by."""
        count = len(self.numerators)
        drawn = np.random.default_rng(seed).integers(max(count, 1), size=(RESAMPLES, count))
        above, below = (sums[drawn].sum(axis=1) for sums in (self.numerators, self.denominators))
        return np.divide(above, below, out=np.full(RESAMPLES, np.nan), where=below > 0)


def _bounds(values: NDArray[np.float64]) -> tuple[float, float] | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
