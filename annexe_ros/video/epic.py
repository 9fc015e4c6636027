"""Readers of EPIC-KITCHENS-100's retrieval and recognition lists, and of EGTEA's."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError

_EGTEA_CLASSES = 106


@dataclass(frozen=True)
class EpicSegment:
    """A narrated segment: seconds from the video's beginning, the classes of its verb and its first and all nouns."""

    id: str
    participant: str
    video: str
    start_s: float
    end_s: float
    narration: str
    verb_class: int
    noun_class: int
    noun_classes: tuple[int, ...]

    @property
    def action(self) -> str:
        """The class of verb and noun together."""
        return f"{self.verb_class}:{self.noun_class}"


def read_epic(path: Path) -> list[EpicSegment]:
    """Return the segments of an EPIC_100_*.csv; raises ``DatasetFormatError``."""
    columns = ("narration_id", "participant_id", "video_id", "start_timestamp", "stop_timestamp", "narration",
               "verb_class", "noun_class")  # fmt: skip
    found = []
    for line, row in _table(path, columns):
        try:
            span = seconds(row["start_timestamp"]), seconds(row["stop_timestamp"])
            classes = int(row["verb_class"]), int(row["noun_class"])
            nouns = _ids(row.get("all_noun_classes") or f"[{classes[1]}]")
        except ValueError as error:
            raise DatasetFormatError(path, f"line {line}: {error}") from error
        names = row["narration_id"], row["participant_id"], row["video_id"]
        found.append(EpicSegment(*names, *span, row["narration"], *classes, nouns))
    return found


def read_epic_sentences(path: Path) -> list[str]:
    """Return the narration ids whose sentences are the texts of retrieval, in their order."""
    return [row["narration_id"] for _, row in _table(path, ("narration_id",))]


def _ids(cell: str) -> tuple[int, ...]:
    try:
        found = ast.literal_eval(cell)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"'{cell}' is no list of classes") from error
    if not isinstance(found, list) or not all(isinstance(number, int) for number in found):
        raise ValueError(f"'{cell}' is no list of classes")
    return tuple(found)


def _table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise DatasetFormatError(path, f"has no column '{missing[0]}'")
            for row in reader:
                if any(row[name] is None for name in columns):
                    raise DatasetFormatError(path, f"line {reader.line_num}: the row is too short")
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetFormatError(path, f"can't be read ({error})") from error


def seconds(timestamp: str) -> float:
    """Return the seconds of HH:MM:SS.ff; raises ``ValueError``."""
    parts = timestamp.split(":")
    if len(parts) != 3:
        raise ValueError(f"'{timestamp}' is no time HH:MM:SS.ff")
    hours, minutes, rest = int(parts[0]), int(parts[1]), float(parts[2])
    return 3600 * hours + 60 * minutes + rest


def action_classes(segments: Sequence[EpicSegment]) -> dict[str, list[str]]:
    """Return the distinct narrations of every action class, classes in the order of their names as strings."""
    classes: dict[str, dict[str, None]] = {}
    for segment in segments:
        classes.setdefault(segment.action, {})[segment.narration] = None
    return {action: list(classes[action]) for action in sorted(classes)}


def read_egtea_labels(path: Path) -> list[str]:
    """Return the 106 actions of ``action_idx.txt`` in the order of their numbers, in lower case."""
    named = [_named_number(path, line, text) for line, text in _lines(path)]
    found = {number: action for action, number in named}
    if sorted(found) != list(range(1, len(found) + 1)):
        raise DatasetFormatError(path, "the actions aren't numbered 1, 2, 3 ...")
    return [found[number].lower() for number in sorted(found)]


def read_egtea_split(path: Path) -> list[tuple[str, int]]:
    """Return (clip, action from 0) of every line of a split."""
    found = []
    for line, text in _lines(path):
        parts = text.split()
        if len(parts) < 2 or not parts[1].isdigit() or not 1 <= int(parts[1]) <= _EGTEA_CLASSES:
            raise DatasetFormatError(path, f"line {line}: no clip and action 1..{_EGTEA_CLASSES}")
        found.append((parts[0], int(parts[1]) - 1))
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetFormatError(path, f"can't be read ({error})") from error
    return [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]


def _named_number(path: Path, line: int, text: str) -> tuple[str, int]:
    name, _, number = text.rpartition(" ")
    if not name or not number.isdigit():
        raise DatasetFormatError(path, f"line {line}: no action and number")
    return name.replace("_", " "), int(number)
