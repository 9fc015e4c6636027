"""Label-only predictors of the next eight steps: n-gram baselines, and one that recalls how others went on.

No predictor looks at features or at the video's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.planning.rows import HORIZON, STEPS, Example, Observation

SUFFIX = 3
SUFFIX_GAINS = (1.5, 1.0, 0.5)
"""Log-weights of having the last step, the last two and the last three in common."""
DONE_GAIN = 6.0
"""Log-weight of the overlap (intersection over union) of the sets of steps done so far."""
COUNT_LOSS = 1.0
TIME_LOSS = 2.0
TIME_SCALE_S = 30.0


class Predictor(Protocol):
    """Anything that samples futures of an observation."""

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` futures (count, 8) of steps 0..26."""
        ...


class Unigram:
    """Draws every step from how often steps occur in the training futures."""

    def __init__(self, train: Sequence[Example]) -> None:
        self._shares = _shares(np.array([example.future for example in train]).ravel())

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` futures (count, 8); the observation plays no part."""
        return rng.choice(STEPS, size=(count, HORIZON), p=self._shares)


class Bigram:
    """Draws every step from what followed the step before it in training, smoothed by the unigrams."""

    def __init__(self, train: Sequence[Example], smoothing: float = 1.0) -> None:
        futures = np.array([example.future for example in train])
        self._first = _shares(futures.ravel())
        counts = np.zeros((STEPS, STEPS))
        np.add.at(counts, (futures[:, :-1].ravel(), futures[:, 1:].ravel()), 1)
        counts += smoothing * self._first
        self._next = counts / counts.sum(axis=1, keepdims=True)

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` chains (count, 8) that begin after the last step of the history."""
        return np.array([self._chain(observed, rng) for _ in range(count)])

    def _chain(self, observed: Observation, rng: np.random.Generator) -> list[int]:
        shares = self._next[observed.history[-1]] if observed.history else self._first
        chain: list[int] = []
        for _ in range(HORIZON):
            chain.append(int(rng.choice(STEPS, p=shares)))
            shares = self._next[chain[-1]]
        return chain


class Recall:
    """Recalls the training moments that resemble the present one and how they went on.

    A moment weighs more the more of its last steps agree, the more the sets of steps done overlap, and the nearer it is
    in number of steps and in time.
    """

    def __init__(self, train: Sequence[Example]) -> None:
        self._futures = np.array([example.future for example in train])
        self._last = np.array([_last_steps(example.observed.history) for example in train])
        self._done = np.array([_steps_done(example.observed.history) for example in train])
        self._count = np.log1p([len(example.observed.history) for example in train])
        self._time = np.log([example.observed.time + TIME_SCALE_S for example in train])

    def sample(self, observed: Observation, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return ``count`` futures (count, 8), each of which some training video went through."""
        return self._futures[rng.choice(len(self._futures), size=count, p=self.weights(observed))]

    def weights(self, observed: Observation) -> NDArray[np.float64]:
        """Return how much each training moment (N,) resembles this one; the sum is 1."""
        logs = DONE_GAIN * _overlap(self._done, _steps_done(observed.history))
        logs -= COUNT_LOSS * np.abs(self._count - np.log1p(len(observed.history)))
        logs -= TIME_LOSS * np.abs(self._time - np.log(observed.time + TIME_SCALE_S))
        agree = np.cumprod(self._last == _last_steps(observed.history), axis=1)
        weights = np.exp(logs + agree @ SUFFIX_GAINS)
        return weights / weights.sum()


def _shares(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(steps, minlength=STEPS)
    return counts / counts.sum()


def _last_steps(history: Sequence[int]) -> NDArray[np.int64]:
    """Return the last three steps, newest first; -1 stands for the beginning of the video."""
    return np.array([*reversed(history[-SUFFIX:]), *[-1] * SUFFIX][:SUFFIX])


def _steps_done(history: Sequence[int]) -> NDArray[np.float64]:
    done = np.zeros(STEPS)
    done[list(history)] = 1
    return done


def _overlap(sets: NDArray[np.float64], one: NDArray[np.float64]) -> NDArray[np.float64]:
    common = sets @ one
    union = sets.sum(axis=1) + one.sum() - common
    return np.divide(common, union, out=np.ones_like(common), where=union > 0)
