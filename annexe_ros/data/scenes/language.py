"""Writes a scene's records: description, questions in many wordings, answers and mask values.

Everything is derived from ``SceneTruth``; images are not looked at. An answer names hands first (left, right), then
touched objects (the left hand's, the right hand's) or, where a question names objects, these in the question's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from annexe_ros.core import NO_TARGET_ANSWER
from annexe_ros.data.scenes import asks
from annexe_ros.data.scenes.asks import SIDES
from annexe_ros.data.scenes.caption import caption
from annexe_ros.data.scenes.strangers import HEARD
from annexe_ros.data.scenes.truth import Instance, SceneTruth
from annexe_ros.data.scenes.view import View
from annexe_ros.data.scenes.wording import Ask, paraphrases

TARGET_SLOTS = 4
PARAPHRASES = 3
"""Wordings per question; a scene has some 25 to 45 questions."""

Question = tuple[Ask, Sequence[Instance]]
"""What is asked and the instances that are the right answer, in the order of the answer."""


def records(truth: SceneTruth, rng: np.random.Generator, strangers: Sequence[str] = HEARD) -> list[dict[str, Any]]:
    """Return the records of one image as Ego-IRGBench's JSON has them, with at least 60 questions in all.

    ``strangers`` are names of things that no scene has, of which some are asked about.
    """
    view = View(truth)
    text = caption(view)
    return [
        _record(text, targets, paraphrases(ask, rng, PARAPHRASES))
        for asked in (questions(view, rng), _by_strange_names(view, strangers, rng))
        for ask, targets in asked
    ]


def questions(view: View, rng: np.random.Generator) -> list[Question]:
    """Return what is asked about a scene: all that can be asked by role, a choice of names."""
    return [*_by_role(view), *_by_name(view, rng), *_by_several_names(view, rng)]


def _record(text: str, targets: Sequence[Instance], wordings: list[dict[str, object]]) -> dict[str, Any]:
    unused = TARGET_SLOTS - len(targets)
    labels = [target.label for target in targets]
    return {
        "caption": text,
        "answer": " and ".join(labels) or NO_TARGET_ANSWER,
        "tokens": labels + [""] * unused,
        "masks_idx": [target.index for target in targets] + [0] * unused,
        "with_mask": int(bool(targets)),
        "questions": wordings,
    }


def _by_role(view: View) -> Iterator[Question]:
    """Yield questions that name no object: hands, and whatever hands touch."""
    hands = tuple(view.hands.values())
    yield asks.HANDS, hands
    yield asks.ACTIVE_HANDS, view.active_hands
    yield asks.IDLE_HANDS, tuple(hand for hand in hands if hand not in view.active_hands)
    yield asks.HANDS_AND_OBJECTS, view.active_hands + view.touched
    yield asks.HANDS_AND_HELD, hands + view.touched
    yield asks.ACTIVE_OBJECTS, view.touched
    yield asks.SHARED_OBJECT, _those(view.shared_object)
    for side in filter(view.is_clear, SIDES):
        hand, held = _those(view.hands.get(side)), _those(view.touched_by(side))
        yield asks.hand(side), hand
        yield asks.object_of_hand(side), held
        yield asks.hand_and_object(side), hand + held


def _by_name(view: View, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions that name one object, in view or not, alone or with a condition on hands."""
    touched = [item.label for item in view.touched if view.named(item.label)]
    for label in touched:
        yield from _about(view, label)
    for label in [*_some(view.untouched, 3, rng), *_some(view.absent, 4, rng)]:
        yield from _two_about(view, label, rng)


def _two_about(view: View, label: str, rng: np.random.Generator) -> Iterator[Question]:
    """Yield the plain question about one name and another one."""
    about = list(_about(view, label))
    yield about[0]
    yield about[int(rng.integers(1, len(about)))]


def _about(view: View, label: str) -> Iterator[Question]:
    """Yield every question about one name; the plain one first."""
    item = view.named(label)
    found, holders = _those(item), view.hands_on(item) if item else ()
    active = found if holders else ()
    yield asks.named(label, item.colour if item else ""), found
    yield asks.named_active(label), active
    yield asks.hand_of_named(label), holders
    yield asks.named_and_its_hand(label), holders + found
    for side in filter(view.is_clear, SIDES):
        yield asks.named_of_hand(label, side), active if view.hands.get(side) in holders else ()


def _by_several_names(view: View, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions that join names: of hands and objects, of objects, of what is there and what isn't."""
    known = _known(view)
    touched = [item.label for item in view.touched if item.label in known]
    for label in dict.fromkeys([*touched[:1], *_some(known, 2, rng)]):
        side = str(rng.choice(SIDES))
        if view.is_clear(side):
            names = [f"{side} hand", label]
            rng.shuffle(names)
            yield asks.together(names), (*_those(view.hands.get(side)), *_those(view.named(label)))
        yield asks.together(["hands", label]), (*view.hands.values(), *_those(view.named(label)))
    for count, candidates in ((2, known), (2, known), (3, known), (2, [*known, *_some(view.absent, 2, rng)])):
        names = _some(candidates, count, rng)
        if len(names) == count:
            yield _joined(view, names)


def _by_strange_names(view: View, strangers: Sequence[str], rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions about things that no scene has, and one that names such a thing beside one that is there."""
    for label in _some(strangers, 2, rng):
        yield from _two_about(view, label, rng)
    for label in _some(_known(view), 1, rng):
        names = [label, *_some(strangers, 1, rng)]
        rng.shuffle(names)
        yield _joined(view, names)


def _known(view: View) -> list[str]:
    """Return the names by which an object in view can be asked for."""
    return [item.label for item in view.objects if view.named(item.label)]


def _joined(view: View, names: Sequence[str]) -> Question:
    """Ask for several objects by name; those that aren't there aren't in the answer."""
    return asks.together(names), tuple(item for name in names for item in _those(view.named(name)))


def _those(item: Instance | None) -> tuple[Instance, ...]:
    return () if item is None else (item,)


def _some(options: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """Return up to ``count`` different options in random order."""
    return [options[k] for k in rng.permutation(len(options))[:count]]
