"""Replies about a frame as files of Ego-IRGBench: what a large engine has said, for a small model to learn from.

One mask image per frame holds the objects of all its replies: a hand is the same hand in each, an object the same one
where name and place agree. What a record can't say truly (more targets than it has slots, a target without pixels of
its own) is left out. Engines and recordings aren't known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import (
    LEFT_HAND_LABEL,
    NO_TARGET_ANSWER,
    RIGHT_HAND_LABEL,
    Frame,
    GroundedObject,
    Interpretation,
)
from annexe_ros.data.sampling import image_rng
from annexe_ros.data.scenes.wording import Ask, paraphrases
from annexe_ros.data.whole import write_whole

SLOTS = 4
SAME_PLACE_IOU = 0.5
NAME_WORDINGS = 4
JPEG_QUALITY = 95
HANDS = (LEFT_HAND_LABEL, RIGHT_HAND_LABEL)
FOLDERS = ("RGB", "depth", "mask")
_COMMANDS = ("segment", "find", "mark", "locate", "highlight", "outline", "show", "point", "pick", "select", "mask")

Wordings = tuple[str, ...]
"""Ways to ask one question; the first is the one that was asked."""


class FrameMask:
    """One mask image for all replies about a frame.

    Attributes:
        values: (H, W) uint8, pixel = instance, 0 = background.
    """

    def __init__(self, height: int, width: int) -> None:
        self.values = np.zeros((height, width), np.uint8)
        self._labels: list[str] = []

    def add(self, label: str, pixels: NDArray[np.bool_]) -> int:
        """Return the instance that these pixels (H, W) are, a new one where there is none; 0 when there is no room."""
        value = self._known(label, pixels)
        if not value:
            if len(self._labels) == np.iinfo(np.uint8).max:
                return 0
            self._labels.append(label)
            value = len(self._labels)
            self.values[pixels if label in HANDS else pixels & (self.values == 0)] = value
        return value

    def has(self, value: int) -> bool:
        """Tell whether an instance has pixels, which a hand over it may have taken."""
        return bool(value) and bool((self.values == value).any())

    def names(self) -> Iterator[tuple[str, int]]:
        """Yield name and value of the instances whose name is no other's."""
        for value, label in enumerate(self._labels, start=1):
            if self._labels.count(label) == 1 and self.has(value):
                yield label, value

    def _known(self, label: str, pixels: NDArray[np.bool_]) -> int:
        for value, known in enumerate(self._labels, start=1):
            if known == label and (label in HANDS or _iou(self.values == value, pixels) >= SAME_PLACE_IOU):
                return value
        return 0


def frame_records(
    id_: str, replies: Sequence[Interpretation], wordings: Sequence[Wordings], min_score: float = 0.0
) -> tuple[list[dict[str, Any]], NDArray[np.uint8]]:
    """Return a frame's records, as the benchmark's JSON has them, and its mask (H, W) uint8.

    Besides the questions that were asked there is one per object that was found, by its name. Replies with a target
    whose score is below ``min_score`` are left out, since a wrong answer teaches worse than none.
    """
    mask = FrameMask(*replies[0].label_image.shape)
    caption = next((reply.analysis for reply in replies if reply.analysis), "")
    found = [_values(mask, reply, min_score) for reply in replies]
    records = []
    for reply, values, ways in zip(replies, found, wordings, strict=True):
        if values is not None and all(map(mask.has, values)):
            names = [target.label for target in reply.objects]
            records.append(_record(caption, names, values, [_question(n, way) for n, way in enumerate(ways)]))
    rng = image_rng(0, id_)
    for name, value in mask.names():
        questions = paraphrases(Ask(singular=(_noun_phrase(name),)), rng, NAME_WORDINGS)
        records.append(_record(caption, [name], [value], questions))
    return records, mask.values


def write_frame(
    root: Path, split: str, id_: str, frame: Frame, records: list[dict[str, Any]], mask: NDArray[np.uint8]
) -> None:
    """Write a frame's files, each at once; the records come last, since they make it part of the set.

    Depth that the frame doesn't have is written as unknown everywhere.
    """
    bgr = np.ascontiguousarray(frame.image[..., ::-1])
    write_whole(root / "RGB" / f"{id_}.jpg", _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]))
    write_whole(root / "depth" / f"{id_}.png", _encoded(".png", _millimetres(frame)))
    write_whole(root / "mask" / f"{id_}.png", _encoded(".png", mask))
    if records:
        write_whole(root / "dataset_split" / split / f"{id_}.json", json.dumps(records, indent=1).encode())


def wordings_of(query: str) -> Wordings:
    """Return ways to put a question: those that ``query`` lists with "|" between them, then as people type them."""
    given = tuple(" ".join(part.split()) for part in query.split("|") if part.strip())
    return tuple(dict.fromkeys(given + tuple(way for text in given for way in _typed(text))))


def _typed(text: str) -> Iterator[str]:
    bare = text.rstrip(".?! ")
    yield bare
    yield text[:1].lower() + text[1:]
    if bare.split(" ")[0].lower() in _COMMANDS:
        yield f"Please {bare[:1].lower()}{bare[1:]}."
        yield f"Can you {bare[:1].lower()}{bare[1:]}?"


def _values(mask: FrameMask, reply: Interpretation, min_score: float) -> list[int] | None:
    """Return the instances of a reply's targets; None for a reply that no record can hold."""
    values = [mask.add(target.label, reply.mask(target)) for target in reply.objects if _usable(target, min_score)]
    if len(values) != len(reply.objects) or len(values) > SLOTS or bool(values) != reply.has_target:
        return None
    return values


def _usable(target: GroundedObject, min_score: float) -> bool:
    return bool(target.mask_value) and target.score >= min_score


def _record(caption: str, names: list[str], values: list[int], questions: list[dict[str, object]]) -> dict[str, Any]:
    empty = SLOTS - len(names)
    return {
        "caption": caption,
        "answer": " and ".join(names) or NO_TARGET_ANSWER,
        "tokens": [*names, *[""] * empty],
        "masks_idx": [*values, *[0] * empty],
        "with_mask": int(bool(names)),
        "questions": questions,
    }


def _question(number: int, text: str) -> dict[str, object]:
    return {"id": number, "query": text, "is_sentence": int(" " in text)}


def _noun_phrase(name: str) -> str:
    return f"[my|the] {name}" if name in HANDS else f"the {name}"


def _iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 0.0


def _millimetres(frame: Frame) -> NDArray[np.uint16]:
    if frame.depth is None:
        return np.zeros((frame.height, frame.width), np.uint16)
    millimetres = np.nan_to_num(frame.depth * 1000, nan=0.0, posinf=0.0, neginf=0.0)
    known = (millimetres > 0) & (millimetres <= np.iinfo(np.uint16).max)
    return np.where(known, np.rint(millimetres), 0).astype(np.uint16)


def _encoded(suffix: str, image: NDArray[Any], options: Sequence[int] = ()) -> bytes:
    return cv2.imencode(suffix, image, list(options))[1].tobytes()
