"""What a scene is to contain, drawn in the proportions of the data set, before anything has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.combos import SURFACES, is_held_out
from annexe_ros.data.scenes.truth import CATEGORIES

T = TypeVar("T")
HANDS = (0,) * 2 + (1,) * 9 + (2,) * 9
"""Numbers of hands in twenty scenes."""
TOUCHING_SHARE = 0.85
"""Share of hands that touch an object."""
OBJECTS = (3, 9)
"""Fewest and most objects of a scene, all of different categories."""
_SAME_OBJECT_SHARE = 0.18
_TWO_UNTOUCHED_SHARE = 0.9


@dataclass(frozen=True)
class Plan:
    """A surface, the categories on it (touched ones first), and hands as (side, index of the touched category)."""

    surface: str
    categories: tuple[str, ...]
    hands: tuple[tuple[Hands, int | None], ...]

    def touched_by(self, k: int) -> Hands:
        """Return the hands that touch category ``k``."""
        found = Hands.NONE
        for side, index in self.hands:
            if index == k:
                found |= side
        return found

    @property
    def touched(self) -> int:
        """Number of touched objects; they are the first ones."""
        return len({index for _, index in self.hands if index is not None})


def sample_plan(seed: int, index: int, unseen: bool = False, draft: int = 0) -> Plan:
    """Return what scene ``index`` of a seed is to contain; ``unseen`` draws held-out touches only (see ``combos``).

    Each ``draft`` is another plan with as many hands and, where they touch, the same categories: the proportions of
    the data set don't shift where the first draft can't be arranged.
    """
    rng = np.random.default_rng([seed, index, 0, draft])
    sides = _sample_sides(rng, _dealt(seed, index, HANDS))
    touching = [side for side in sides if rng.random() < TOUCHING_SHARE]
    names = [_dealt(seed, card, CATEGORIES) for card in (2 * index, 2 * index + 1)]
    if len(touching) == 2 and not unseen and rng.random() < _SAME_OBJECT_SHARE:
        names = names[:1] * 2
    surface, chosen = _agree(rng, dict(zip(touching, names, strict=False)), unseen)
    categories = list(dict.fromkeys(chosen.values()))
    fewest = len(categories) + (2 if rng.random() < _TWO_UNTOUCHED_SHARE else 0)
    wanted = max(int(rng.integers(OBJECTS[0], OBJECTS[1] + 1)), fewest)
    others = [str(name) for name in rng.permutation(CATEGORIES) if name not in categories]
    categories += others[: wanted - len(categories)]
    hands = tuple((side, categories.index(chosen[side]) if side in chosen else None) for side in sides)
    return Plan(surface, tuple(categories), hands)


def _sample_sides(rng: Generator, count: int) -> tuple[Hands, ...]:
    if count == 1:
        return (Hands.LEFT,) if rng.random() < 0.5 else (Hands.RIGHT,)
    return (Hands.LEFT, Hands.RIGHT)[:count]


def _dealt(seed: int, card: int, cards: Sequence[T]) -> T:
    """Return a card of an endless row of shuffled decks: even small data sets have every card equally often."""
    deck, place = divmod(card, len(cards))
    return cards[int(np.random.default_rng([seed, deck, len(cards)]).permutation(len(cards))[place])]


def _agree(rng: Generator, chosen: dict[Hands, str], unseen: bool) -> tuple[str, dict[Hands, str]]:
    """Return a surface and the touches on it, none held out or all of them.

    A held-out touch leaves no choice of surface, so that a second hand has to touch something else than it drew.
    """
    surfaces = [surface for surface in SURFACES if _allowed(chosen, surface, unseen)]
    if surfaces:
        return surfaces[int(rng.integers(len(surfaces)))], chosen
    (first, category), (second, _) = chosen.items()
    for surface in SURFACES:
        for name in rng.permutation(CATEGORIES):
            changed = {first: category, second: str(name)}
            if name != category and _allowed(changed, surface, unseen):
                return surface, changed
    raise ValueError(f"no surface allows a touch of {category} by the {first.name} hand")


def _allowed(chosen: dict[Hands, str], surface: str, unseen: bool) -> bool:
    return all(is_held_out(name, side, surface) == unseen for side, name in chosen.items())
