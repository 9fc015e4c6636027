"""The seam between whoever asks and whatever answers: engines implement ``Interpreter``, nobody else is known here."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import CancelledError
from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import Interpretation
from annexe_ros.core.query import Query


class Stage(enum.StrEnum):
    """A step of the paper's work, as progress reports it."""

    ANALYSE = "analyse"
    ANSWER = "answer"
    GROUND = "ground"


def _ignore(stage: Stage, text: str) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Progress:
    """How a caller follows and stops the work.

    Attributes:
        on_text: called with (stage, new text) as text is generated, and with empty text when a stage begins.
        cancelled: asked between tokens and stages; when true the engine raises ``CancelledError``.
    """

    on_text: Callable[[Stage, str], None] = _ignore
    cancelled: Callable[[], bool] = _never

    @property
    def is_heard(self) -> bool:
        """Whether anybody follows the text; if not, nobody need spell it before it is complete."""
        return self.on_text is not _ignore

    def check(self) -> None:
        """Raise ``CancelledError`` if the caller took the query back."""
        if self.cancelled():
            raise CancelledError


class Interpreter(Protocol):
    """An engine. Calls come from one thread at a time; ``interpret`` may raise any ``AnnexeError``."""

    @property
    def engine(self) -> str:
        """Kind of engine, e.g. ``annexe``."""

    @property
    def model(self) -> str:
        """Name of the weights behind it."""

    def warm_up(self) -> None:
        """Do once what makes the first query as fast as the others."""

    def interpret(self, frame: Frame, query: Query, progress: Progress = ...) -> Interpretation:
        """Analyse, answer and ground: no 3D, which is geometry and the same for every engine."""

    def close(self) -> None:
        """Give memory and devices back; the engine isn't used afterwards."""


@runtime_checkable
class DeviceHolder(Protocol):
    """What an engine offers besides where its weights take an accelerator's memory."""

    def release_device(self) -> None:
        """Give the accelerator's memory back, but keep what makes ``claim_device`` quick."""

    def claim_device(self) -> None:
        """Go back to where the engine was before."""


@runtime_checkable
class DepthEstimator(Protocol):
    """What an engine offers besides where its model estimates depth from the colour image."""

    def estimate_depth(self, frame: Frame) -> NDArray[np.float32]:
        """Return the relative depth (H, W) float32 of the frame's size: 0 nearest, 1 farthest in this image."""


@runtime_checkable
class InstanceNamer(Protocol):
    """What an engine offers besides where its model has a name for every pixel, whatever is asked."""

    def name_instances(self, frame: Frame, instances: NDArray[np.uint8]) -> dict[int, str]:
        """Return value -> name of an instance image (H, W), 0 = background; what is too small to tell is left out."""


@runtime_checkable
class Surveyor(Protocol):
    """What an engine offers besides where its model names all that is in view, whatever is asked."""

    def survey(self, frame: Frame, progress: Progress = ..., *, want_analysis: bool = ...) -> Interpretation:
        """Return every thing in view with its mask and the hands that touch it; its answer names them all."""


@runtime_checkable
class GazeAnswerer(Protocol):
    """What an engine offers besides where questions about the gaze need not be made into others for it."""

    def interpret_gaze(self, frame: Frame, query: Query, progress: Progress = ...) -> Interpretation:
        """Answer a question about the point of the frame that ``query.gaze`` is."""
