"""The planning lists: ``uid|time|[8 future steps]`` per line, and what a predictor may see of them.

A step is a coarse class 0..26 (its id in ``semantic_en.json`` minus 1). Rows of a video are listed in the order in
which the steps begin; the times are those at which they end, which in some videos differ in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.lines import bad_line, integers, numbered_lines

STEPS = 27
HORIZON = 8


@dataclass(frozen=True)
class PlanRow:
    """A moment of a video, ``time`` [s], and the eight steps that follow it."""

    video: str
    time: float
    future: tuple[int, ...]


@dataclass(frozen=True)
class Observation:
    """All that a predictor is told: ``history`` is the first future step of each earlier row of the same video."""

    video: str
    time: float
    history: tuple[int, ...]


@dataclass(frozen=True)
class Example:
    """An observation with what followed it."""

    observed: Observation
    future: tuple[int, ...]


def read_plan_rows(path: Path | str) -> list[PlanRow]:
    """Read a planning list; raises ``DatasetFormatError`` on the first line that isn't one of its rows."""
    return [_row(path, number, line) for number, line in numbered_lines(path)]


def examples(rows: Sequence[PlanRow]) -> list[Example]:
    """Return an example per row, in the order of the rows.

    A row is earlier when it is listed before *and* lies before in time: where steps overlap the two orders differ, and
    then a row's future could come into its own history by either of them alone.
    """
    seen: dict[str, list[PlanRow]] = {}
    found = []
    for row in rows:
        before = seen.setdefault(row.video, [])
        history = tuple(earlier.future[0] for earlier in before if earlier.time < row.time)
        found.append(Example(Observation(row.video, row.time, history), row.future))
        before.append(row)
    return found


def training_examples(train: Sequence[PlanRow], test: Sequence[PlanRow], path: Path | str) -> list[Example]:
    """Return examples of the training videos that aren't tested: a predictor sees no other row of a tested video."""
    tested = {row.video for row in test}
    kept = [row for row in train if row.video not in tested]
    if not kept:
        raise DatasetFormatError(path, "every video of this training file is in the test file too")
    return examples(kept)


def _row(path: Path | str, number: int, line: str) -> PlanRow:
    fields = line.split("|")
    if len(fields) != 3 or not fields[0]:
        raise bad_line(path, number, "is not 'uid|time|[8 steps]'")
    try:
        time, future = float(fields[1]), integers(fields[2])
    except ValueError as error:
        raise bad_line(path, number, str(error)) from error
    if not (math.isfinite(time) and time >= 0):
        raise bad_line(path, number, f"the time '{fields[1]}' is not a number of seconds")
    if len(future) != HORIZON or not all(0 <= step < STEPS for step in future):
        raise bad_line(path, number, f"needs {HORIZON} steps 0..{STEPS - 1}, not {fields[2]}")
    return PlanRow(fields[0], time, future)
