"""What was done so far, in many videos at once, as numbers for a regression; grows step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.planning.rows import STEPS, Observation

LAST = 3
NOTHING = STEPS
"""Stands among the last steps for the time before the first one."""
FADING = 0.8
"""How much of a step's presence is left after each further one."""
STEP_S = 30.0
"""What a step is taken to last, where only its place in a sequence is known; also where the scale of time begins."""
USUAL_LOG_TIME = 5.5


@dataclass(frozen=True, eq=False)
class Histories:
    """N histories.

    Attributes:
        last: the last three steps (N, 3), the newest first.
        counts: how often each step was done (N, 27).
        presence: 1 for the last step, fading with each further one; 0 for what wasn't done (N, 27).
        time: since the beginning of the video (N,) [s].
    """

    last: NDArray[np.int64]
    counts: NDArray[np.float64]
    presence: NDArray[np.float64]
    time: NDArray[np.float64]

    @classmethod
    def of(cls, observed: Sequence[Observation]) -> Histories:
        """Return the histories of observations."""
        count = len(observed)
        last = np.full((count, LAST), NOTHING)
        counts, presence = np.zeros((count, STEPS)), np.zeros((count, STEPS))
        for row, each in enumerate(observed):
            newest = each.history[: -LAST - 1 : -1]
            last[row, : len(newest)] = newest
            np.add.at(counts[row], list(each.history), 1)
            presence[row, list(each.history)] = FADING ** np.arange(len(each.history))[::-1]
        return cls(last, counts, presence, np.array([each.time for each in observed]))

    def repeated(self, times: int) -> Histories:
        """Return one history that many times."""
        return Histories(*(np.repeat(each, times, axis=0) for each in self._parts))

    def after(self, steps: NDArray[np.int64]) -> Histories:
        """Return the histories a step (N,) later."""
        rows = np.arange(len(steps))
        counts, presence = self.counts.copy(), FADING * self.presence
        counts[rows, steps] += 1
        presence[rows, steps] = 1
        last = np.column_stack([steps, self.last[:, :-1]])
        return Histories(last, counts, presence, self.time + STEP_S)

    def features(self) -> NDArray[np.float64]:
        """Return a row (N, D) for each history, the last column being 1."""
        last = np.eye(STEPS + 1)[self.last].reshape(len(self.last), -1)
        number, time = np.log1p(self.counts.sum(axis=1)), np.log(self.time + STEP_S) - USUAL_LOG_TIME
        scales = np.column_stack([number, time, number**2 / 4, time**2, number * time, np.ones_like(time)])
        return np.hstack([last, self.counts > 0, np.log1p(self.counts), self.presence, scales])

    @property
    def _parts(self) -> tuple[NDArray, ...]:
        return self.last, self.counts, self.presence, self.time
