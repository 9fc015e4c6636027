"""What a scene is to contain, drawn in the proportions of the data set, before anything has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.combos import SURFACES, is_held_out
from annexe_ros.data.scenes.truth import CATEGORIES

HANDS_SHARE = (0.10, 0.45, 0.45)
"""Shares of scenes with no, one and two hands."""
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


def sample_plan(rng: Generator, unseen: bool = False) -> Plan:
    """Return what one scene is to contain; ``unseen`` draws held-out touches only (see ``combos``)."""
    surface = SURFACES[int(rng.integers(len(SURFACES)))]
    sides = _sample_sides(rng)
    touching = [side for side in sides if rng.random() < TOUCHING_SHARE]
    together = len(touching) == 2 and not unseen and rng.random() < _SAME_OBJECT_SHARE
    chosen = _touched_categories(rng, touching, surface, unseen, together)
    categories = list(dict.fromkeys(chosen.values()))
    fewest = len(categories) + (2 if rng.random() < _TWO_UNTOUCHED_SHARE else 0)
    wanted = max(int(rng.integers(OBJECTS[0], OBJECTS[1] + 1)), fewest)
    others = [str(name) for name in rng.permutation(CATEGORIES) if name not in categories]
    categories += others[: wanted - len(categories)]
    hands = tuple((side, categories.index(chosen[side]) if side in chosen else None) for side in sides)
    return Plan(surface, tuple(categories), hands)


def _sample_sides(rng: Generator) -> tuple[Hands, ...]:
    count = int(rng.choice(3, p=HANDS_SHARE))
    if count == 1:
        return (Hands.LEFT,) if rng.random() < 0.5 else (Hands.RIGHT,)
    return (Hands.LEFT, Hands.RIGHT)[:count]


def _touched_categories(
    rng: Generator, sides: Sequence[Hands], surface: str, unseen: bool, together: bool
) -> dict[Hands, str]:
    """Return what each touching hand touches, two hands the same thing if ``together``."""
    while True:
        names = [str(name) for name in rng.choice(CATEGORIES, len(sides), replace=False)]
        chosen = dict(zip(sides, names[:1] * len(sides) if together else names, strict=True))
        if all(is_held_out(name, side, surface) == unseen for side, name in chosen.items()):
            return chosen
