"""A predictor that regresses the next step on the history, and goes on from what it has drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from annexe_ros.procedures.planning.histories import STEP_S, Histories
from annexe_ros.procedures.planning.rows import HORIZON, STEPS, Example, Observation

DEPTHS = {0: 1.0, 2: 0.25, 5: 0.25}
"""Places in a row's future that are learnt, and how much they count: later ones are other rows' first ones too."""
PRIOR = 8.0
"""Inverse variance of every weight."""
MAX_ITERATIONS = 60


class Regression:
    """Multinomial logistic regression, fitted by maximum posterior likelihood."""

    def __init__(self, train: Sequence[Example]) -> None:
        learnt = [(_later(example, depth), example.future[depth]) for depth in DEPTHS for example in train]
        features = Histories.of([observed for observed, _ in learnt]).features()
        steps = np.array([step for _, step in learnt])
        self._weights = _fitted(features, steps, np.repeat(list(DEPTHS.values()), len(train)))

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` futures (count, 8)."""
        histories, chains = Histories.of([observed]).repeated(count), []
        for _ in range(HORIZON):
            below = self.shares(histories).cumsum(axis=1)
            steps = (below < rng.random((count, 1)) * below[:, -1:]).sum(axis=1)
            chains.append(steps)
            histories = histories.after(steps)
        return np.column_stack(chains)

    def shares(self, histories: Histories) -> NDArray[np.float64]:
        """Return how likely each step (N, 27) comes next."""
        return _softmax(histories.features() @ self._weights)


def _later(example: Example, depth: int) -> Observation:
    seen = example.observed
    return Observation(seen.video, seen.time + depth * STEP_S, (*seen.history, *example.future[:depth]))


def _fitted(
    features: NDArray[np.float64], steps: NDArray[np.int64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return weights (D, 27) for features (N, D) that were followed by steps (N,), each counted so often."""
    true, shape = np.eye(STEPS)[steps], (features.shape[1], STEPS)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        shares = _softmax(features @ weights)
        surprise = -np.log(shares[np.arange(len(steps)), steps]) @ counts
        slope = features.T @ ((shares - true) * counts[:, None]) + PRIOR * weights
        return float(surprise + PRIOR / 2 * flat @ flat), slope.ravel()

    start = np.zeros(shape[0] * shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS}).x.reshape(shape)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
