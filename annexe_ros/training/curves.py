"""The curves of a run: means of every loss term, one JSON object a line, and for TensorBoard where that is wanted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import MissingDependencyError

LOG_FILE = "log.jsonl"
TENSORBOARD_FOLDER = "tensorboard"


class Curves:
    """Writes what a run reports; a run that is resumed at ``step`` writes over what came after.

    Args:
        folder: the run's folder, which is made.
        step: the last step that counts.
        tensorboard: write event files too; raises ``MissingDependencyError`` where TensorBoard is not installed.
    """

    def __init__(self, folder: Path, step: int, tensorboard: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / LOG_FILE
        rows = self._path.read_text().splitlines() if step and self._path.exists() else []
        kept = [row for row in rows if _step_of(row) <= step]
        self._path.write_text("".join(row + "\n" for row in kept))
        self._events = _event_writer(folder / TENSORBOARD_FOLDER, step) if tensorboard else None

    def add(self, step: int, rate: float, terms: Mapping[str, float], seconds: float) -> None:
        """Append the means of the loss terms up to ``step``."""
        row: dict[str, Any] = {"step": step, "seconds": round(seconds, 1), "lr": rate}
        row |= {name: round(value, 5) for name, value in terms.items()}
        with self._path.open("a") as log:
            log.write(json.dumps(row) + "\n")
        if self._events is not None:
            for name, value in {"lr": rate, **terms}.items():
                self._events.add_scalar(f"train/{name}", value, step)
            self._events.flush()

    def close(self) -> None:
        """Close the event file."""
        if self._events is not None:
            self._events.close()


def _step_of(row: str) -> float:
    """Return the step of a line; one that a full disk has cut off comes after all others."""
    try:
        return float(json.loads(row)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf


def _event_writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingDependencyError("TensorBoard", "pip install tensorboard") from error
    return SummaryWriter(str(folder), purge_step=step + 1)
