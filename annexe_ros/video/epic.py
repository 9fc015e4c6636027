"""Readers of EPIC-KITCHENS-100's retrieval and recognition lists, and of EGTEA's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.video.records import Row, clip_span, rows

_NAMES, _TIMES = ("narration_id", "participant_id", "video_id"), ("start_timestamp", "stop_timestamp")
_CLASSES, _ALL_NOUNS = ("verb_class", "noun_class"), "all_noun_classes"


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
    return [_segment(row) for row in rows(path, ",", (*_NAMES, *_TIMES, "narration", *_CLASSES))]


def _segment(row: Row) -> EpicSegment:
    try:
        span = clip_span(*(seconds(row.text(name)) for name in _TIMES))
        verb, noun = (int(row.text(name)) for name in _CLASSES)
    except ValueError as error:
        raise row.refuse(str(error)) from error
    nouns = row.ids(_ALL_NOUNS) if row.cells.get(_ALL_NOUNS) else (noun,)
    if min(verb, noun, *nouns) < 0:
        raise row.refuse("a class has a number below 0")
    name, participant, video = map(row.text, _NAMES)
    return EpicSegment(name, participant, video, *span, row.text("narration"), verb, noun, nouns)


def read_epic_sentences(path: Path) -> list[str]:
    """Return the narration ids whose sentences are the texts of retrieval, in their order."""
    return [row.text(_NAMES[0]) for row in rows(path, ",", _NAMES[:1])]


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
    """Return the actions of ``action_idx.txt`` (106 as published) in the order of their numbers, in lower case."""
    named = sorted(_named_number(path, line, text) for line, text in _lines(path))
    if [number for number, _ in named] != list(range(1, len(named) + 1)):
        raise DatasetFormatError(path, "the actions aren't numbered 1, 2, 3 ...")
    return [action.lower() for _, action in named]


def read_egtea_split(path: Path, actions: int) -> list[tuple[str, int]]:
    """Return (clip, action from 0) of every line of a split; ``actions`` is how many there are."""
    found = []
    for line, text in _lines(path):
        parts = text.split()
        if len(parts) < 2 or not parts[1].isdecimal() or not 1 <= int(parts[1]) <= actions:
            raise DatasetFormatError(path, f"line {line}: no clip and action 1..{actions}")
        found.append((parts[0], int(parts[1]) - 1))
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return (number, text) of the lines that aren't blank, at least one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetFormatError(path, f"can't be read ({error})") from error
    found = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise DatasetFormatError(path, "holds no line")
    return found


def _named_number(path: Path, line: int, text: str) -> tuple[int, str]:
    name, _, number = text.rpartition(" ")
    if not name or not number.isdecimal():
        raise DatasetFormatError(path, f"line {line}: no action and number")
    return int(number), name.replace("_", " ")
