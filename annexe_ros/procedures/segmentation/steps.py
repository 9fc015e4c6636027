"""Step names, splits, frame labels and coarse segments, as published for segmentation.

Labels are 0 (background) to 27, one per 25-fps frame. They are up to some hundred frames shorter than the video.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.lines import bad_line, folder_texts, json_value, numbered_lines, parse_json

CLASSES = 28
BACKGROUND = "background"
LABEL_SOURCES = "gts_fps25|gts_fps25.tar.gz|gts_fps25_trainval.tar.gz"
"""Names of the folder of frame labels and of archives of it."""
_LABELS = frozenset(map(str, range(CLASSES)))


@dataclass(frozen=True)
class CoarseStep:
    """A stretch [s] of a video in which a coarse step (1..27, None where unlabelled) is done, told in ``text``."""

    id: str
    start: float
    end: float
    step: int | None
    text: str

    @property
    def usable(self) -> bool:
        """Whether it has a label and a length; four of the published ones lack one of them."""
        return self.step is not None and self.start < self.end


def read_step_names(path: Path | str) -> tuple[str, ...]:
    """Return the names of classes 0..27 of ``semantic_en.json``; raises ``DatasetFormatError``."""
    try:
        named = {int(entry["value"]): str(entry["key"]) for entry in json_value(path)}
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"is not a list of key and value: {error!r}") from error
    if sorted(named) != list(range(1, CLASSES)):
        raise DatasetFormatError(path, f"must name the steps 1..{CLASSES - 1}, each once")
    return (BACKGROUND, *(named[step] for step in range(1, CLASSES)))


def read_split(path: Path | str) -> tuple[str, ...]:
    """Return the uids of a ``.bundle`` list (``<uid>.txt`` per line); raises ``DatasetFormatError``."""
    lines = numbered_lines(path)
    for number, line in lines:
        if not line.endswith(".txt") or len(line) == len(".txt"):
            raise bad_line(path, number, f"'{line}' is not '<uid>.txt'")
    uids = tuple(line.removesuffix(".txt") for _, line in lines)
    if len(set(uids)) < len(uids):
        raise DatasetFormatError(path, "names a video twice")
    return uids


def frame_labels(path: Path | str, text: str) -> NDArray[np.int64]:
    """Return the labels (T,) of a file's text, one 0..27 per line; raises ``DatasetFormatError``."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if not _LABELS.issuperset(lines):  # looked for one by one only then: a video has tens of thousands
        number, line = next((number, line) for number, line in enumerate(lines, start=1) if line not in _LABELS)
        raise bad_line(path, number, f"'{line}' is not a label 0..{CLASSES - 1}")
    return np.array(lines, dtype=np.int64)


def read_frame_labels(path: Path | str, uids: tuple[str, ...]) -> dict[str, NDArray[np.int64]]:
    """Return the labels (T,) of these videos from a folder or .tar.gz of ``<uid>.txt``.

    Raises ``DatasetFormatError``, also where a video is missing.
    """
    wanted = set(uids)
    found = {uid: frame_labels(f"{path}/{uid}.txt", text) for uid, text in folder_texts(path, ".txt") if uid in wanted}
    lacking = [uid for uid in uids if uid not in found]
    if lacking:
        raise DatasetFormatError(path, f"lacks the labels of {len(lacking)} videos, the first being {lacking[0]}")
    return {uid: found[uid] for uid in uids}


def read_coarse_steps(path: Path | str) -> Iterator[tuple[str, tuple[CoarseStep, ...]]]:
    """Yield (uid, its steps) from ``coarse_annotations.tar.gz`` or its folder; raises ``DatasetFormatError``."""
    for uid, text in folder_texts(path, ".json"):
        name = f"{path}/{uid}.json"
        entries = parse_json(name, text)
        if not isinstance(entries, list):
            raise DatasetFormatError(name, "is not a list of steps")
        yield uid, tuple(_coarse_step(name, number, entry) for number, entry in enumerate(entries))


def _coarse_step(path: str, number: int, entry: Any) -> CoarseStep:
    try:
        label = str(entry["attribute"])
        start, end = float(entry["start"]), float(entry["end"])
        step = CoarseStep(str(entry["id"]), start, end, int(label) if label else None, str(entry["textAttribute_en"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"entry {number} is not a step: {error!r}") from error
    if not (step.step is None or 1 <= step.step < CLASSES) or start < 0 or end < 0:
        raise DatasetFormatError(path, f"entry {number} has an unknown step, or begins before the video")
    return step
