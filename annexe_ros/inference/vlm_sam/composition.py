"""Makes grounded objects of what was said: finds the pixels, sets left and right right, says which hands touch what.

A query that names a side ("the left hand") is after that hand, wherever the language model drew its box; any other
query is after the hand in the box, whatever the language model called it. Geometry decides which hand is which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, GroundedObject, Hands, Query, Role, role_of
from annexe_ros.core.contact import touching_hands
from annexe_ros.inference.vlm_sam.grounding import Grounded, Grounder, overlap
from annexe_ros.inference.vlm_sam.hand_side import sides_of
from annexe_ros.inference.vlm_sam.reply import HAND_LABELS, SIDES, NamedBox, Reply

SIDE_WORD = re.compile(rf"\b({'|'.join(SIDES)})\b")
SAME_HAND_IOU = 0.5
"""Boxes of hands that overlap that much are around the same hand."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Targets in the order of the answer, their label image (H, W) uint8, and what was degraded."""

    objects: tuple[GroundedObject, ...]
    label_image: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Hand:
    """A hand in view: what was said of it, its pixels, and the side that was found to be its."""

    said: NamedBox
    grounded: Grounded
    side: Hands


def named(frame: Frame, reply: Reply) -> Scene:
    """Return the targets without pixels."""
    labels = dict.fromkeys(target.label for target in reply.targets)
    objects = tuple(GroundedObject(label, 0, 1.0, role_of(label)) for label in labels)
    return Scene(objects, np.zeros(frame.image.shape[:2], dtype=np.uint8))


def compose(
    frame: Frame, query: Query, reply: Reply, grounder: Grounder, check: Callable[[], None], hand_side: bool = True
) -> Scene:
    """Return the targets with their pixels.

    Args:
        frame: what was asked about.
        query: what was asked.
        reply: what was said.
        grounder: finds the pixels.
        check: runs between the grounder's steps and raises to stop.
        hand_side: correct left and right by the shapes of the hands, where the grounder's masks follow them.
    """
    boxes = [*_distinct_hands(reply), *(target for target in reply.targets if not target.side)]
    pixels = dict(zip(boxes, grounder.ground(frame, boxes, check), strict=True))
    hands = _hands({box: found for box, found in pixels.items() if box.side}, hand_side and grounder.exact)
    asked = {SIDES[word] for word in SIDE_WORD.findall(query.text.lower())}
    targets: dict[str, Grounded] = {}
    for target in reply.targets:
        if not target.side:
            targets.setdefault(target.label, pixels[target])
        elif hand := _meant(target, hands, asked):
            targets.setdefault(HAND_LABELS[hand.side], hand.grounded)
    notes = [_correction(hand) for hand in hands if hand.side is not hand.said.side]
    return _scene(frame, targets, hands if grounder.exact else [], notes)


def _distinct_hands(reply: Reply) -> list[NamedBox]:
    """Return the hands that are targets and the further ones in view, each once."""
    hands: list[NamedBox] = []
    for hand in (*(target for target in reply.targets if target.side), *reply.hands):
        if all(overlap(hand.box, other.box) < SAME_HAND_IOU for other in hands):
            hands.append(hand)
    return hands


def _hands(pixels: Mapping[NamedBox, Grounded], by_shape: bool) -> list[_Hand]:
    said, found = [hand.side for hand in pixels], pixels.values()
    sides = sides_of([each.mask for each in found], said, [each.arm for each in found]) if by_shape else said
    return [_Hand(hand, each, side) for (hand, each), side in zip(pixels.items(), sides, strict=True)]


def _meant(target: NamedBox, hands: Sequence[_Hand], asked: Set[Hands]) -> _Hand | None:
    """Return the hand that a target is; None where the query is after a side that no hand in view has."""
    boxed = max(hands, key=lambda hand: overlap(hand.said.box, target.box))
    if boxed.side is target.side or target.side not in asked:
        return boxed
    return next((hand for hand in hands if hand.side is target.side), None)


def _correction(hand: _Hand) -> str:
    return f"by its shape, what the language model called the {hand.said.label} is the {HAND_LABELS[hand.side]}"


def _scene(frame: Frame, targets: Mapping[str, Grounded], hands: Sequence[_Hand], notes: list[str]) -> Scene:
    """Return the targets with their numbers in the label image, and who touches whom."""
    values = {label: value for value, label in enumerate(targets, start=1)}
    image = _painted(frame, targets, values)
    shapes = {hand.side: hand.grounded.mask for hand in hands}
    objects = []
    for label, found in targets.items():
        value = values[label] if (image == values[label]).any() else 0
        if not value:
            notes.append(f"no pixel of '{label}' was found")
        objects.append(GroundedObject(label, value, found.score if value else 0.0, role_of(label)))
    touching = {o.label: touching_hands(image == o.mask_value, shapes, frame.depth) for o in objects if o.mask_value}
    return Scene(tuple(_active(item, touching) for item in objects), image, tuple(notes))


def _painted(frame: Frame, targets: Mapping[str, Grounded], values: Mapping[str, int]) -> NDArray[np.uint8]:
    """Return the label image: where masks overlap hands win, then what is smaller."""
    image = np.zeros(frame.image.shape[:2], dtype=np.uint8)
    behind = sorted(targets, key=lambda label: (role_of(label) is not Role.OBJECT, -int(targets[label].mask.sum())))
    for label in behind:
        image[targets[label].mask] = values[label]
    return image


def _active(item: GroundedObject, touching: Mapping[str, Hands]) -> GroundedObject:
    """Return an object with the hands that touch it; a hand is active where it touches another target."""
    if item.role is Role.OBJECT:
        hands = touching.get(item.label, Hands.NONE)
        return replace(item, touched_by=hands, active=bool(hands))
    own = next(side for side, label in HAND_LABELS.items() if label == item.label)
    return replace(item, active=any(own in hands for label, hands in touching.items() if role_of(label) is Role.OBJECT))
