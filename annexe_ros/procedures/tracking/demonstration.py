"""Which place of a demonstration the present view shows, as a belief over its windows that each new view revises.

A hidden Markov model with one state per window: from view to view one stays, goes on or skips one, and now and then is
somewhere else; a view speaks for a window by the cosine of their features and, where a tracker has recognised a step,
by whether that step is done there. Whether the demonstration was filmed by its wearer or by somebody else makes no
difference here, only to the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.procedure import DemonstrationPlace, StepEstimate, TimedStep, ViewedWindow
from annexe_ros.procedures.tracking.pace import Pace

ADVANCES = (0.25, 0.5, 0.25)
"""Probabilities of staying at a window, of the next one, and of the one after."""
LOST = 0.02
"""Probability of being anywhere else: steps are left out, done again and in another order."""
TEMPERATURE = 0.15
"""Of cosines: a view that is so much more alike speaks e times louder. They spread by .38 among the windows of two
films; half of this lets them outshout the recognised step, and fewer places are right (.60 instead of .69)."""
MOST_TRUST = 0.9
"""However sure a tracker is of a step, it counts as no surer than that."""


@dataclass(frozen=True, eq=False)
class Demonstration:
    """A recording to compare with.

    Attributes:
        name: of the recording.
        ends_s: (T,) time of each window's last frame [s] from the beginning.
        features: (T, P) unit vectors, a live camera's stride apart.
        steps: what is done in it, in order of time.
    """

    name: str
    ends_s: NDArray[np.float64]
    features: NDArray[np.float32]
    steps: Sequence[TimedStep]

    def step_places(self) -> NDArray[np.intp]:
        """Return, per window (T,), the place in ``steps`` of what is done at its end."""
        starts = np.array([step.start_s for step in self.steps])
        return np.clip(np.searchsorted(starts, self.ends_s, side="right") - 1, 0, None)


class DemonstrationFollower:
    """Keeps the belief (T,) about where one camera's view is."""

    def __init__(self, demonstration: Demonstration, stride_s: float, model: str = "") -> None:
        """Follow windows that come ``stride_s`` apart, as the demonstration's do; ``model`` names the encoder."""
        self._demonstration, self._pace, self._model = demonstration, Pace(stride_s), model
        self._places = demonstration.step_places()
        self._belief = self._anywhere()

    def update(
        self, feature: NDArray[np.float32], window: ViewedWindow, recognised: StepEstimate | None = None
    ) -> DemonstrationPlace:
        """Revise the belief by a new view (P,), and return the likeliest step and its likeliest place.

        ``recognised`` is what a tracker says of the view; a step of a name that the demonstration lacks says nothing.
        """
        similarity = self._demonstration.features @ feature
        speaks = np.exp((similarity - similarity.max()) / TEMPERATURE)
        if recognised is not None:
            speaks *= self._step_likelihood(recognised)
        belief = self._expected(window.end_ns) * speaks
        self._belief = belief / belief.sum()
        return self._place(similarity, window)

    def _step_likelihood(self, recognised: StepEstimate) -> NDArray[np.float64]:
        """Return, per window (T,), the probability of the step that is done there; other steps share what is left."""
        names = [step.label for step in self._demonstration.steps]
        trust, others = min(recognised.score, MOST_TRUST), len({*names, recognised.label}) - 1
        by_step = [trust if name == recognised.label else (1 - trust) / others for name in names]
        return np.array(by_step)[self._places]

    def _anywhere(self) -> NDArray[np.float64]:
        count = len(self._demonstration.ends_s)
        return np.full(count, 1 / count)

    def _expected(self, end_ns: int) -> NDArray[np.float64]:
        """Return the belief (T,) before a window is looked at: after a pause every place is equally likely."""
        missed = self._pace.missed_before(end_ns)
        if missed is None:
            return self._anywhere()
        belief = self._belief
        for _ in range(missed + 1):
            belief = self._moved_on(belief)
        return belief

    def _moved_on(self, belief: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = np.zeros_like(belief)
        for by, share in enumerate(ADVANCES):
            reached = np.minimum(np.arange(len(moved)) + by, len(moved) - 1)
            np.add.at(moved, reached, share * belief)
        return (1 - LOST) * moved + LOST * self._anywhere()

    def _place(self, similarity: NDArray[np.floating], window: ViewedWindow) -> DemonstrationPlace:
        demonstration = self._demonstration
        of_steps = np.bincount(self._places, weights=self._belief, minlength=len(demonstration.steps))
        step = int(of_steps.argmax())
        place = int(np.where(self._places == step, self._belief, -1.0).argmax())
        return DemonstrationPlace(
            demonstration=demonstration.name,
            step_number=step + 1,
            step_count=len(demonstration.steps),
            label=demonstration.steps[step].label,
            position_s=float(demonstration.ends_s[place]),
            score=float(of_steps[step]),
            similarity=float(similarity[place]),
            window=window,
            model=self._model,
        )
