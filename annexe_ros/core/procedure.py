"""Where in a procedure the wearer is: the step that is done, what comes next, and the place in a demonstration.

A procedure's steps have numbers and names; 0 is what belongs to no step. Who recognises them isn't known here.
"""

from __future__ import annotations

from dataclasses import dataclass

BACKGROUND_STEP = 0


@dataclass(frozen=True)
class TimedStep:
    """A stretch [s] of a recording in which one step is done."""

    step_id: int
    label: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """How long it takes [s]."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class ViewedWindow:
    """The images that something was recognised from: stamps of the first and the last [ns], and their optical frame."""

    start_ns: int
    end_ns: int
    frame_id: str = ""


@dataclass(frozen=True)
class StepEstimate:
    """The step that is being done.

    Attributes:
        step_id, label: number and name.
        score: its probability.
        since_ns: stamp from which on it has been recognised [ns].
        window: the newest images; earlier ones count too.
        model: who recognised it.
    """

    step_id: int
    label: str
    score: float
    since_ns: int
    window: ViewedWindow
    model: str = ""


@dataclass(frozen=True)
class NextStep:
    """A step that may come next, with its probability and the expected time until it begins [s]."""

    step_id: int
    label: str
    probability: float
    lead_time_s: float


@dataclass(frozen=True)
class StepForecast:
    """What comes after a step: candidates, the most probable first. What they lack to 1 is other steps, or the end."""

    after: StepEstimate
    candidates: tuple[NextStep, ...]


@dataclass(frozen=True)
class DemonstrationPlace:
    """Where in a demonstration the present view belongs.

    Attributes:
        demonstration: its name.
        step_number, step_count: which of its steps, from 1, and how many there are.
        label: that step's name.
        position_s: time from its beginning [s].
        score: probability of that step, given the views so far.
        similarity: cosine of the present window and the demonstration's at that position.
        window: the present images.
        model: who compared them.
    """

    demonstration: str
    step_number: int
    step_count: int
    label: str
    position_s: float
    score: float
    similarity: float
    window: ViewedWindow
    model: str = ""

    @property
    def text(self) -> str:
        """The place in words, e.g. "step 4 of 7 of 'tea', 1:32: pour from the kettle"."""
        minutes, seconds = divmod(int(self.position_s), 60)
        where = f"step {self.step_number} of {self.step_count} of '{self.demonstration}'"
        return f"{where}, {minutes}:{seconds:02d}: {self.label}"
