"""Trains a step tracker on recordings whose steps are known, with the features of a frozen clip encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.procedure import BACKGROUND_STEP, TimedStep
from annexe_ros.data.recording import Recording
from annexe_ros.data.timed_steps import STEPS_NAME, read_steps
from annexe_ros.procedures.segmentation.mstcn import MsTcnSettings, train_mstcn
from annexe_ros.procedures.segmentation.steps import BACKGROUND
from annexe_ros.procedures.tracking.demonstration import Demonstration
from annexe_ros.procedures.tracking.tracker import TrackerConfig, TrackerModel
from annexe_ros.procedures.tracking.windows import EmbeddedWindows, embed_windows
from annexe_ros.video.seen_frames import FrameEncoder, SeenFrames
from annexe_ros.video.window import WindowShape

SIZES = MsTcnSettings(maps=32, layers=6, stages=2, dropout=0.3, causal=True, epochs=40, learning_rate=2e-3)
"""Some minutes of memory at two windows a second, and small enough for a few dozen recordings."""
MAX_GAP_S = 1.0


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """A recording with known steps, as features."""

    name: str
    steps: tuple[TimedStep, ...]
    windows: EmbeddedWindows

    @property
    def labels(self) -> NDArray[np.int64]:
        """The step (T,) at the end of each window; 0 between steps."""
        return np.array([step.step_id if step else BACKGROUND_STEP for step in self._done()], dtype=np.int64)

    @property
    def names(self) -> list[str]:
        """The name of the step at the end of each window; the background's between steps."""
        return [step.label if step else BACKGROUND for step in self._done()]

    def as_demonstration(self) -> Demonstration:
        """Return it as something to compare with."""
        return Demonstration(self.name, self.windows.ends_s, self.windows.features, self.steps)

    def _done(self) -> list[TimedStep | None]:
        return [self._at(end) for end in self.windows.ends_s]

    def _at(self, end_s: float) -> TimedStep | None:
        return next((step for step in self.steps if step.start_s < end_s <= step.end_s), None)


def rehearsal(folder: Path, encoder: FrameEncoder, shape: WindowShape, stride_s: float) -> Rehearsal:
    """Read and embed a recording; raises ``DatasetFormatError``."""
    recording, steps = Recording.open(folder), read_steps(folder)
    frames = (recording.read(entry) for entry in recording.frames)
    try:
        return Rehearsal(folder.name, steps, embed_windows(frames, SeenFrames(encoder).embed, shape, stride_s))
    except DatasetFormatError as error:
        raise DatasetFormatError(folder, error.why) from error


def rehearse(
    root: Path,
    encoder: FrameEncoder,
    shape: WindowShape,
    stride_s: float,
    progress: Callable[[int, int], None] | None = None,
) -> list[Rehearsal]:
    """Read and embed all recordings with steps in a folder, by name; raises ``DatasetFormatError``."""
    folders = sorted(path.parent for path in root.glob(f"*/{STEPS_NAME}"))
    if not folders:
        raise DatasetFormatError(root, "holds no recording with steps.json; 'annexe procedures' makes some")
    found = []
    for folder in folders:
        found.append(rehearsal(folder, encoder, shape, stride_s))
        if progress is not None:
            progress(len(found), len(folders))
    return found


def train_tracker(
    rehearsals: Sequence[Rehearsal],
    encoder_name: str,
    window_s: float,
    stride_s: float,
    settings: MsTcnSettings = SIZES,
    seed: int = 0,
) -> TrackerModel:
    """Return a tracker of the steps that the recordings show."""
    labels = step_names([step for one in rehearsals for step in one.steps])
    width = rehearsals[0].windows.features.shape[1]
    sized = replace(settings, width=width, classes=len(labels), causal=True)
    network = train_mstcn([(one.windows.features, one.labels) for one in rehearsals], sized, seed)
    sequences = tuple(tuple((step.step_id, step.duration_s) for step in one.steps) for one in rehearsals)
    return TrackerModel(TrackerConfig(labels, encoder_name, window_s, stride_s, sized, sequences), network)


def step_names(steps: Sequence[TimedStep]) -> tuple[str, ...]:
    """Return the name of each number, 0 included; raises ``DatasetFormatError`` where a number has two names."""
    names: dict[int, str] = {BACKGROUND_STEP: BACKGROUND}
    for step in steps:
        if names.setdefault(step.step_id, step.label) != step.label:
            raise DatasetFormatError("steps.json", f"step {step.step_id} is '{names[step.step_id]}' and '{step.label}'")
    return tuple(names.get(number, "") for number in range(max(names) + 1))
