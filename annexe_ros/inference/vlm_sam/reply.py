"""Reads the structured reply of a language model, strictly: what isn't as agreed is refused with the reason.

A fence around the JSON is the one liberty that is taken. Names become those of the vocabulary, boxes become pixels of
the frame. What the boxes hold isn't known here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annexe_ros.core import LEFT_HAND_LABEL, RIGHT_HAND_LABEL, Hands

Box = tuple[float, float, float, float]
"""Left, top, right, bottom [pixels of the frame]."""

HAND_LABELS = {Hands.LEFT: LEFT_HAND_LABEL, Hands.RIGHT: RIGHT_HAND_LABEL}
SIDES = {"left": Hands.LEFT, "right": Hands.RIGHT}
MAX_LABEL_CHARACTERS = 48
FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
ARTICLE = re.compile(r"^(?:the|a|an|his|her|their|my|your|wearer's)\s+")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""One of the two escapes that JSON needs for a character beyond 16 bits: no text on its own."""

ANSWER_SO_FAR = re.compile(r'"answer"\s*:\s*"((?:[^"\\]|\\.)*)')
NUMBER = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
FORM = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "targets": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"label": {"type": "string"}, "box": NUMBER},
                "required": ["label", "box"],
                "additionalProperties": False,
            },
        },
        "hands": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"side": {"enum": list(SIDES)}, "box": NUMBER},
                "required": ["side", "box"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["answer", "targets", "hands"],
    "additionalProperties": False,
}
"""The reply's JSON schema, for servers that hold a model to one."""


class ReplyError(ValueError):
    """A reply isn't as agreed; the sentence says to the model what to change."""


@dataclass(frozen=True)
class NamedBox:
    """A target: its name in the vocabulary, and where it is."""

    label: str
    box: Box

    @property
    def side(self) -> Hands:
        """The hand that this is, or ``Hands.NONE``."""
        return next((side for side, label in HAND_LABELS.items() if label == self.label), Hands.NONE)


@dataclass(frozen=True)
class Reply:
    """What was said: free text, the targets in their order (none: no suitable target), and every hand in view."""

    answer: str
    targets: tuple[NamedBox, ...]
    hands: tuple[NamedBox, ...]


@dataclass(frozen=True)
class Agreement:
    """What a reply is held to: extent of coordinates, (width, height) of the frame, names, number of targets."""

    extent: tuple[float, float]
    frame_size: tuple[int, int]
    vocabulary: tuple[str, ...] = ()
    max_targets: int = 4


def read_reply(text: str, agreed: Agreement) -> Reply:
    """Return what the text says; raises ``ReplyError``."""
    data = _json_of(text)
    _keys(data, ("answer", "targets", "hands"), "the object")
    answer = data["answer"]
    if not isinstance(answer, str):
        raise ReplyError('"answer" must be text')
    hands = [_named(item, "side", f"hands[{i}]", agreed) for i, item in enumerate(_list(data, "hands"))]
    targets = [_named(item, "label", f"targets[{i}]", agreed) for i, item in enumerate(_list(data, "targets"))]
    targets = list(dict.fromkeys(targets))
    if len(targets) > agreed.max_targets:
        raise ReplyError(f'"targets" has {len(targets)} entries, at most {agreed.max_targets} are allowed')
    return Reply(answer.strip(), tuple(targets), tuple(dict.fromkeys(hands)))


def answer_so_far(text: str) -> str:
    """Return as much of the answer's words as a reply has that is still being written."""
    found = ANSWER_SO_FAR.search(text)
    if not found:
        return ""
    try:
        return HALF_CHARACTER.sub("", json.loads(f'"{found[1]}"', strict=False))
    except ValueError:  # an escape that isn't finished yet
        return ""


def plain_label(text: str) -> str:
    """Return a name as the vocabulary has it: lower case, single spaces, no article, one name per hand."""
    label = " ".join(re.sub(r"[_\s]+", " ", text).lower().strip(" .,;:'\"").split())
    label = ARTICLE.sub("", label)
    for side, name in HAND_LABELS.items():
        if label in {name, f"hand ({_word(side)})", f"{_word(side)} arm", f"{name} of the wearer"}:
            return name
    return label


def _word(side: Hands) -> str:
    return HAND_LABELS[side].split()[0]


def _json_of(text: str) -> Mapping[str, Any]:
    fenced = FENCE.search(text)
    try:
        data = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError) as error:  # the latter of a model that repeats a bracket without end
        raise ReplyError(f"it is not JSON ({error})") from error
    if not isinstance(data, Mapping):
        raise ReplyError("it must be one JSON object")
    return data


def _keys(data: Any, wanted: Sequence[str], what: str) -> None:
    if not isinstance(data, Mapping) or set(data) != set(wanted):
        raise ReplyError(f"{what} must have exactly the keys {', '.join(wanted)}")


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    if not isinstance(data[name], list):
        raise ReplyError(f'"{name}" must be a list')
    return data[name]


def _named(item: Any, key: str, what: str, agreed: Agreement) -> NamedBox:
    _keys(item, (key, "box"), what)
    if not isinstance(item[key], str):
        raise ReplyError(f"{key} of {what} must be text")
    label = _side(item[key], what) if key == "side" else _label(item[key], what, agreed)
    return NamedBox(label, _box(item["box"], what, agreed))


def _side(text: str, what: str) -> str:
    if text not in SIDES:
        raise ReplyError(f'side of {what} must be "left" or "right"')
    return HAND_LABELS[SIDES[text]]


def _label(text: str, what: str, agreed: Agreement) -> str:
    label = plain_label(text)
    if not label or len(label) > MAX_LABEL_CHARACTERS or not label.isprintable():
        raise ReplyError(f"label of {what} must have 1 to {MAX_LABEL_CHARACTERS} printable characters")
    if label in {"hand", "arm"}:
        raise ReplyError(f'label of {what} must say which hand: "left hand" or "right hand"')
    allowed = {*HAND_LABELS.values(), *map(plain_label, agreed.vocabulary)}
    if agreed.vocabulary and label not in allowed:
        raise ReplyError(f"label of {what} is '{label}'; use one of: {', '.join(sorted(allowed))}")
    return label


def _box(values: Any, what: str, agreed: Agreement) -> Box:
    """Return a box in pixels of the frame."""
    numbers = isinstance(values, list) and len(values) == 4 and all(type(value) in (int, float) for value in values)
    if not numbers or not all(abs(value) < math.inf for value in values):  # isfinite fails at very long integers
        raise ReplyError(f"box of {what} must be four numbers")
    x1, y1, x2, y2 = values
    width, height = agreed.extent
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise ReplyError(
            f"box of {what} is {values}; it must keep to 0 <= x1 < x2 <= {width:.0f} and 0 <= y1 < y2 <= {height:.0f}"
        )
    sx, sy = agreed.frame_size[0] / width, agreed.frame_size[1] / height
    return x1 * sx, y1 * sy, x2 * sx, y2 * sy
