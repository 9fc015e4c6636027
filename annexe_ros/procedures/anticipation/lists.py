"""The anticipation lists, rebuilt from the class tables.

The published lists of nouns leak: each file holds the previous ones too, so that ``list_ego_train`` has the test rows.
The rule that gives the row counts of the sound ones: a label is the place of a segment's class in ``valid_nouns.txt``
or ``valid_verbs.txt``; classes that aren't there are dropped, and so are rows without a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.lines import bad_line, numbered_lines
from annexe_ros.procedures.narrations import Segment

GAP_S = 1.0
CONTEXT_S = 2.0

Target = Literal["verb", "noun"]


@dataclass(frozen=True)
class AnticipationRow:
    """A segment [s] and its labels, in the order of the class table."""

    video: str
    start: float
    end: float
    labels: tuple[int, ...]

    @property
    def context(self) -> tuple[float, float]:
        """What may be looked at [s]: two seconds, ending one second before the action. Can begin before the video."""
        return self.start - GAP_S - CONTEXT_S, self.start - GAP_S

    def __str__(self) -> str:
        """Return the row as the published lists write it."""
        return f"{self.video}|{self.start}|{self.end}|{list(self.labels)}"


def read_valid_classes(path: Path | str) -> tuple[int, ...]:
    """Return the taxonomy ids of the anticipated classes, in the order of their labels."""
    lines = numbered_lines(path)
    for number, line in lines:
        if not line.isdecimal():
            raise bad_line(path, number, f"'{line}' is not a class id")
    classes = tuple(int(line) for _, line in lines)
    if len(set(classes)) < len(classes):
        raise DatasetFormatError(path, "names a class twice")
    return classes


def anticipation_rows(segments: Sequence[Segment], valid: Sequence[int], target: Target) -> list[AnticipationRow]:
    """Return the rows of the segments that have a valid class, in their order."""
    label = {class_id: place for place, class_id in enumerate(valid)}
    rows = []
    for segment in segments:
        classes = segment.verbs if target == "verb" else segment.nouns
        labels = tuple(label[class_id] for class_id in classes if class_id in label)
        if labels:
            rows.append(AnticipationRow(segment.video, segment.start, segment.end, labels))
    return rows
