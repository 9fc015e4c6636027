"""Five samples that make the most of a metric that counts the best of them.

Samples that are likely but alike are worth little more than one. So many are drawn, and the few are handed over that
together have the least expected AUED when one of the draws comes true.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.planning.metric import length_weights, prefix_distances
from annexe_ros.procedures.planning.predictors import Predictor
from annexe_ros.procedures.planning.rows import Observation

DRAWS = 300


class Representative:
    """Chooses among the draws of other predictors, each of which makes its share of them."""

    def __init__(self, predictors: Sequence[Predictor], shares: Sequence[float] = (1.0,)) -> None:
        self._drawn = [(each, round(DRAWS * share)) for each, share in zip(predictors, shares, strict=True)]

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` of the draws (count, 8)."""
        draws = np.concatenate([predictor.sample(observed, number, rng) for predictor, number in self._drawn])
        futures, times = np.unique(draws, axis=0, return_counts=True)
        return futures[representatives(futures, times / len(draws), count)]


def representatives(futures: NDArray[np.int64], shares: NDArray[np.float64], count: int) -> list[int]:
    """Return indices of ``count`` futures (N, 8) with the least expected AUED when one of them comes true by its share.

    Greedy: each choice is the one that lowers the expectation most. The gain of a further one only falls the more are
    chosen (submodular), for which greedy choice is within 1 - 1/e of the best.
    """
    distances = prefix_distances(futures[:, None], futures[None])
    costs = np.moveaxis(distances, -1, 1) * length_weights(futures.shape[1]).astype(np.float32)[:, None]
    least = np.full(costs.shape[1:], np.inf, dtype=np.float32)
    chosen: list[int] = []
    for _ in range(count):
        expected = np.minimum(costs, least).sum(axis=1) @ shares.astype(np.float32)
        chosen.append(int(expected.argmin()))
        least = np.minimum(least, costs[chosen[-1]])
    return chosen
