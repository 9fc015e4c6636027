"""The validation and test questions of cross-view association: one clip, and choices in the other view."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.lines import json_value
from annexe_ros.procedures.narrations import Segment


class Direction(IntEnum):
    """The views of query and choices; the values of ``types`` in the files."""

    EGO_TO_EXO = 1
    EXO_TO_EGO = 2


@dataclass(frozen=True)
class AssociationQuestion:
    """A query, its choices, and the index of the right one."""

    query: Segment
    choices: tuple[Segment, ...]
    answer: int
    direction: Direction


def read_association_questions(path: Path | str) -> list[AssociationQuestion]:
    """Read ``association_*_hard.json``; raises ``DatasetFormatError``."""
    entries = json_value(path)
    if not isinstance(entries, dict) or not entries:
        raise DatasetFormatError(path, "is not an object of questions")
    return [_question(path, name, entry) for name, entry in entries.items()]


def _question(path: Path | str, name: str, entry: Any) -> AssociationQuestion:
    try:
        choices = tuple(_clip(choice) for choice in entry["choices"].values())
        question = AssociationQuestion(
            _clip(entry["query"]), choices, int(entry["answer"]), Direction(int(entry["types"]))
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"question {name} is malformed: {error!r}") from error
    if not 0 <= question.answer < len(choices):
        raise DatasetFormatError(path, f"question {name}: the answer is none of its {len(choices)} choices")
    return question


def _clip(entry: Any) -> Segment:
    start, end = float(entry["start_sec"]), float(entry["end_sec"])
    if not 0 <= start <= end:
        raise ValueError(f"ends at {end} s before it begins at {start} s")
    return Segment(entry["video_uid"], "", start, end, "", entry.get("narration_en", ""))
