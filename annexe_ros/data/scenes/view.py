"""A scene as questions see it: which hands and objects are in view, and who touches what. Knows no wording."""

from __future__ import annotations

from collections import Counter

from annexe_ros.core import Hands, Role
from annexe_ros.data.scenes.truth import CATEGORIES, Instance, SceneTruth

MIN_VISIBLE_SHARE = 5e-4
"""Below this share of the image an instance is a sliver: never named in an answer, and never asked about by name."""

_SIDES = {"left": Role.LEFT_HAND, "right": Role.RIGHT_HAND}
_BITS = {"left": Hands.LEFT, "right": Hands.RIGHT}


class View:
    """The visible instances of a scene and their relations.

    Attributes:
        surface: what the objects stand on, e.g. "table".
        hands: visible hands by side, the left one first.
        objects: visible objects in the scene's order.
        untouched: labels of visible objects that no visible hand touches, each of its kind the only one.
        absent: categories of which nothing can be seen, not even a sliver.
    """

    def __init__(self, truth: SceneTruth) -> None:
        least = MIN_VISIBLE_SHARE * truth.camera.width * truth.camera.height
        seen = [instance for instance in truth.instances if instance.visible_pixels >= max(least, 1)]
        self.surface = truth.surface
        self.hands = {side: hand for side, role in _SIDES.items() for hand in seen if hand.role is role}
        self.objects = tuple(instance for instance in seen if instance.role is Role.OBJECT)
        traces = Counter(instance.label for instance in truth.instances if instance.visible_pixels)
        self._unique = frozenset(label for label, count in traces.items() if count == 1)
        self.untouched = tuple(
            item.label for item in self.objects if item.label in self._unique and not self.hands_on(item)
        )
        self.absent = tuple(label for label in CATEGORIES if not traces[label])
        self._slivers = frozenset(item.role for item in truth.instances if 0 < item.visible_pixels < least)

    @property
    def sides(self) -> tuple[str, ...]:
        """Sides of the visible hands, left first."""
        return tuple(self.hands)

    def is_clear(self, side: str) -> bool:
        """Tell whether it is beyond doubt that this hand is, or isn't, in view."""
        return _SIDES[side] not in self._slivers

    def touched_by(self, side: str) -> Instance | None:
        """Return the visible object that this visible hand touches."""
        if side not in self.hands:
            return None
        return next((item for item in self.objects if _BITS[side] in item.touched_by), None)

    def hands_on(self, item: Instance) -> tuple[Instance, ...]:
        """Return the visible hands that touch an object, left first."""
        return tuple(hand for side, hand in self.hands.items() if _BITS[side] in item.touched_by)

    def named(self, label: str) -> Instance | None:
        """Return the only visible object of this name."""
        return next((item for item in self.objects if item.label == label and label in self._unique), None)

    @property
    def active_hands(self) -> tuple[Instance, ...]:
        """Visible hands that touch a visible object, left first."""
        return tuple(hand for side, hand in self.hands.items() if self.touched_by(side))

    @property
    def touched(self) -> tuple[Instance, ...]:
        """Touched objects, each once: the left hand's first, then the right hand's."""
        found = [item for side in self.hands if (item := self.touched_by(side))]
        return tuple({item.index: item for item in found}.values())

    @property
    def shared_object(self) -> Instance | None:
        """The object that both visible hands touch."""
        return next((item for item in self.touched if len(self.hands_on(item)) == 2), None)
