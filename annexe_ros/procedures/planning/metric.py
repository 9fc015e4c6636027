"""1 - AUED, the planning metric: how near the best of a few samples comes to the true future, over all lengths.

ED(z) is the mean over items of the least edit distance, among the samples, between the first z predicted and the first
z true steps, divided by z; AUED is the area under ED(1..Z) by the trapezoid rule, divided by Z - 1. The distance is
Levenshtein's: the authors' comments say Damerau, their code counts no transpositions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def prefix_distances(a: NDArray, b: NDArray) -> NDArray[np.int8]:
    """Return the edit distances (..., Z) between the first z items of ``a`` and of ``b``, (..., Z) each, z = 1..Z.

    Leading axes are broadcast; Z is 127 at most. Both prefixes have the same length, so these are the diagonal of one
    table, which is worked out cell by cell for all pairs at once.
    """
    ours, theirs = (np.ascontiguousarray(np.moveaxis(each, -1, 0)) for each in (a, b))
    lead = np.broadcast_shapes(ours.shape[1:], theirs.shape[1:])
    diagonal = np.empty((len(ours), *lead), np.int8)
    above = [np.full(lead, column, np.int8) for column in range(len(theirs) + 1)]
    for row, own in enumerate(ours):
        line = [np.full(lead, row + 1, np.int8)]
        for column, other in enumerate(theirs):
            replaced = above[column] + (own != other)
            line.append(np.minimum(replaced, np.minimum(above[column + 1], line[-1]) + np.int8(1)))
        diagonal[row] = line[row + 1]
        above = line
    return np.moveaxis(diagonal, 0, -1)


def length_weights(horizon: int) -> NDArray[np.float64]:
    """Return the weight (Z,) of the edit distance (a count) of each length in AUED; Z must be 2 or more."""
    trapezoid = np.ones(horizon)
    trapezoid[[0, -1]] = 0.5
    return trapezoid / (horizon - 1) / np.arange(1, horizon + 1)


def aued(samples: NDArray, futures: NDArray) -> float:
    """Return AUED of samples (N, K, Z) for true futures (N, Z); 0 is perfect."""
    least = prefix_distances(samples, futures[:, None, :]).min(axis=1)
    return float(least.mean(axis=0) @ length_weights(futures.shape[-1]))
