"""What is done when in a recording: ``steps.json`` beside its frames.

``{"steps": [{"step_id": 1, "label": "open the cabinet", "start_s": 0.0, "end_s": 2.0}, ...]}``, in order of time.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.whole import write_whole

STEPS_NAME = "steps.json"


def write_steps(root: Path | str, steps: Sequence[TimedStep]) -> None:
    """Write the steps of the recording in a folder; raises ``DatasetFormatError`` where that isn't possible."""
    listed = {"steps": [asdict(step) for step in steps]}
    write_whole(Path(root) / STEPS_NAME, (json.dumps(listed, indent=1) + "\n").encode())


def read_steps(root: Path | str) -> tuple[TimedStep, ...]:
    """Return the steps of the recording in a folder, at least one; raises ``DatasetFormatError``."""
    path = Path(root) / STEPS_NAME
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["steps"]
        steps = tuple(
            TimedStep(int(item["step_id"]), str(item["label"]), float(item["start_s"]), float(item["end_s"]))
            for item in listed
        )
    except OSError as error:
        raise DatasetFormatError(path, f"can't be read: {error.strerror}") from error
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"is no list of steps ({type(error).__name__}: {error})") from error
    _check(path, steps)
    return steps


def _check(path: Path, steps: Sequence[TimedStep]) -> None:
    if not steps:
        raise DatasetFormatError(path, "lists no step")
    for step in steps:
        if step.step_id < 0:
            raise DatasetFormatError(path, f"the number of '{step.label}' is {step.step_id}, below 0")
        if not math.isfinite(step.start_s) or not math.isfinite(step.end_s):
            raise DatasetFormatError(path, f"'{step.label}' lasts from {step.start_s} s to {step.end_s} s")
    if any(step.duration_s <= 0 for step in steps) or any(b.start_s < a.end_s for a, b in itertools.pairwise(steps)):
        raise DatasetFormatError(path, "its steps must follow each other in time, each with a length")
