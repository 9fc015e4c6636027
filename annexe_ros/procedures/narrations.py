"""Narrated segments (fine annotations) and the taxonomies of verbs and nouns that they refer to."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.procedures.lines import bad_line, integers, table_rows

FINE_COLUMNS = ("video_uid", "annotation_id", "subset", "view", "scene", "start_sec", "end_sec")
CLASS_COLUMNS = ("video_id", "annotation_id", "start_sec", "end_sec", "verb", "noun", "scenario")
ASSOCIATION_COLUMNS = ("annotation_id", "start_sec", "end_sec", "narration_en", "verb", "noun", "scenario", "video_uid")


@dataclass(frozen=True)
class Segment:
    """A stretch [s] of a video, what is said of it, and its classes in the taxonomies; empty where not published."""

    video: str
    id: str
    start: float
    end: float
    scene: str
    narration: str = ""
    verbs: tuple[int, ...] = ()
    nouns: tuple[int, ...] = ()


def read_fine_segments(path: Path | str) -> list[Segment]:
    """Read ``fine_annotation_*.csv``; narrations are withheld for test. Raises ``DatasetFormatError``."""
    return [_segment(path, line, row, "video_uid", "scene") for line, row in table_rows(path, FINE_COLUMNS)]


def read_class_segments(path: Path | str) -> list[Segment]:
    """Read a ``*_valid.csv`` of anticipation: segments with verbs and nouns. Raises ``DatasetFormatError``."""
    return [_segment(path, line, row, "video_id", "scenario") for line, row in table_rows(path, CLASS_COLUMNS)]


def read_association_segments(path: Path | str) -> list[Segment]:
    """Read a training csv of cross-view association. Raises ``DatasetFormatError``."""
    return [_segment(path, line, row, "video_uid", "scenario") for line, row in table_rows(path, ASSOCIATION_COLUMNS)]


def read_taxonomy(path: Path | str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (label, its words) by class id from ``narration_*_taxonomy.csv``; raises ``DatasetFormatError``."""
    return tuple((row["label"], _words(path, line, row["group"])) for line, row in table_rows(path, ("label", "group")))


def _segment(path: Path | str, line: int, row: Mapping[str, str], video: str, scene: str) -> Segment:
    try:
        segment = Segment(
            row[video],
            row["annotation_id"],
            float(row["start_sec"]),
            float(row["end_sec"]),
            row[scene],
            row.get("narration_en", ""),
            integers(row.get("verb", "[]")),
            integers(row.get("noun", "[]")),
        )
    except ValueError as error:
        raise bad_line(path, line, str(error)) from error
    if not (segment.video and math.isfinite(segment.end) and 0 <= segment.start <= segment.end):
        raise bad_line(path, line, "names no video, or ends before it begins")
    return segment


def _words(path: Path | str, line: int, text: str) -> tuple[str, ...]:
    try:
        words = ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise bad_line(path, line, f"'{text}' is not a list of words") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise bad_line(path, line, f"'{text}' is not a list of words")
    return tuple(words)
