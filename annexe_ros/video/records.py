"""Records of the published narration files and benchmarks, and strict readers for them.

Every malformed cell is refused with file and line: nothing is evaluated as code, skipped, or put in another's place.
Where a published file joins captions by commas, they are split as its authors do; files of ours hold JSON lists.
"""

from __future__ import annotations

import ast
import csv
import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import DatasetFormatError

csv.field_size_limit(2**24)


@dataclass(frozen=True)
class NarratedClip:
    """A stretch of a video and what is said of it: seconds from its beginning; ids of verbs and nouns in Ego4D."""

    video: str
    start_s: float
    end_s: float
    text: str
    verbs: tuple[int, ...] = ()
    nouns: tuple[int, ...] = ()
    verb_negatives: tuple[str, ...] = ()
    noun_negatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class HodClip:
    """A row of EgoHOD's narrations: one clip, one or several texts that each describe it, and whose video it is."""

    video: str
    start_s: float
    end_s: float
    texts: tuple[str, ...]
    dataset: str


@dataclass(frozen=True)
class Choice:
    """A question of EgoMCQ: a text, five clips, which of them is meant, and whether all are of one video (intra)."""

    query: str
    clips: tuple[NarratedClip, ...]
    answer: int

    @property
    def intra(self) -> bool:
        """Whether the choices share a video; the file's own ``types`` is named differently in different codes."""
        return len({clip.video for clip in self.clips}) == 1


class Row:
    """A row of a table with its place, to be read strictly: every method that reads raises ``DatasetFormatError``."""

    def __init__(self, path: Path, line: int, cells: Mapping[str, str | None]) -> None:
        self.path, self.line, self.cells = path, line, cells

    def refuse(self, why: str) -> DatasetFormatError:
        """Return the error that names the row."""
        return DatasetFormatError(self.path, f"line {self.line}: {why}")

    def text(self, name: str) -> str:
        """Return a cell that isn't empty."""
        value = self.cells.get(name)
        if not value:
            raise self.refuse(f"'{name}' is empty")
        return value

    def number(self, name: str) -> float:
        """Read a number."""
        try:
            return float(self.text(name))
        except ValueError as error:
            raise self.refuse(f"'{name}' is no number") from error

    def ids(self, name: str) -> tuple[int, ...]:
        """Read a list of whole numbers."""
        values = self.literal(name)
        if not isinstance(values, list) or not all(isinstance(value, int) for value in values):
            raise self.refuse(f"'{name}' is no list of ids")
        return tuple(values)

    def literal(self, name: str) -> Any:
        """Read a Python literal; nothing is evaluated."""
        try:
            return ast.literal_eval(self.text(name))
        except (SyntaxError, TypeError, ValueError) as error:
            raise self.refuse(f"'{name}' is no list") from error

    def captions(self, name: str) -> tuple[str, ...]:
        """Read a JSON list of captions (ours) or captions joined by commas (published), at least one."""
        value = self.text(name)
        try:
            found = json.loads(value) if value.startswith("[") else value.split(",")
        except ValueError as error:
            raise self.refuse(f"'{name}' is no JSON list") from error
        captions = tuple(str(caption).strip() for caption in found if str(caption).strip())
        if not captions:
            raise self.refuse(f"'{name}' holds no caption")
        return captions


def rows(path: Path, separator: str, needed: Collection[str]) -> Iterator[Row]:
    """Yield the rows of a table, at least one; raises ``DatasetFormatError``."""
    row = None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter=separator)
            if missing := sorted(set(needed).difference(reader.fieldnames or ())):
                raise DatasetFormatError(path, f"has no column '{missing[0]}'")
            for cells in reader:
                yield (row := Row(path, reader.line_num, cells))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetFormatError(path, f"can't be read ({error})") from error
    if row is None:
        raise DatasetFormatError(path, "has no row")


def clip_span(start_s: float, end_s: float) -> tuple[float, float]:
    """Return when a clip begins and ends, as given; raises ``ValueError`` where a video has no such stretch."""
    if not 0 <= start_s <= end_s < math.inf:
        raise ValueError(f"the clip runs from {start_s} s to {end_s} s")
    return start_s, end_s


def _span(row: Row, start: str, end: str) -> tuple[float, float]:
    try:
        return clip_span(row.number(start), row.number(end))
    except ValueError as error:
        raise row.refuse(str(error)) from error


def read_ego_clip(path: Path, hard_negatives: bool = False) -> Iterator[NarratedClip]:
    """Yield the rows of EgoClip, or with ``hard_negatives`` of EgoHOI2.5M and EgoHOIBench (tab separated).

    Raises ``DatasetFormatError``.
    """
    needed = {"video_uid", "clip_start", "clip_end", "clip_text", "tag_verb", "tag_noun"}
    for row in rows(path, "\t", needed | ({"verb_neg", "noun_neg"} if hard_negatives else set())):
        negatives = (row.captions("verb_neg"), row.captions("noun_neg")) if hard_negatives else ((), ())
        tags = row.ids("tag_verb"), row.ids("tag_noun")
        start, end = _span(row, "clip_start", "clip_end")
        yield NarratedClip(row.text("video_uid"), start, end, row.text("clip_text"), *tags, *negatives)


def read_hod(path: Path) -> Iterator[HodClip]:
    """Yield the rows of EgoHOD's narrations (comma separated); raises ``DatasetFormatError``."""
    for row in rows(path, ",", {"video_id", "start_second", "end_second", "text", "dataset"}):
        texts = row.literal("text") if row.text("text").startswith("[") else [row.text("text")]
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise row.refuse("'text' is neither a caption nor a list of captions")
        start, end = _span(row, "start_second", "end_second")
        lines = tuple(" ".join(text.split()) for text in texts)
        yield HodClip(row.text("video_id"), start, end, lines, row.text("dataset"))


def read_ego_mcq(path: Path) -> list[Choice]:
    """Return the questions of ``egomcq.json``, all with as many choices; raises ``DatasetFormatError``."""
    found = {name: _converted(path, name, _choice, question) for name, question in _json(path).items()}
    counts = {name: len(question.clips) for name, question in found.items()}
    first = next(iter(counts.values()))
    if other := [name for name, count in counts.items() if count != first]:
        raise DatasetFormatError(path, f"question '{other[0]}' has {counts[other[0]]} choices, the first has {first}")
    return list(found.values())


def _choice(question: Mapping[str, Any]) -> Choice:
    clips = tuple(_mcq_clip(question["choices"][str(k)]) for k in range(len(question["choices"])))
    answer = question["answer"]
    if not isinstance(answer, int) or not 0 <= answer < len(clips):
        raise ValueError(f"the answer is {answer!r} of {len(clips)} choices")
    return Choice(str(question["query"]["clip_text"]), clips, answer)


def _mcq_clip(clip: Mapping[str, Any]) -> NarratedClip:
    span = clip_span(float(clip["clip_start"]), float(clip["clip_end"]))
    return NarratedClip(str(clip["video_uid"]), *span, clip["clip_text"])


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetFormatError(path, f"can't be read as JSON ({error})") from error
    if not isinstance(found, dict) or not found:
        raise DatasetFormatError(path, "holds no JSON object with questions")
    return found


def _converted(path: Path, name: str, convert: Callable[[Any], Choice], value: Any) -> Choice:
    try:
        return convert(value)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"question '{name}': {error!r}") from error
