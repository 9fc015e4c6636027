"""Colours by which people tell targets apart, the same in overlays, markers and pages."""

from __future__ import annotations

from collections.abc import Sequence

from annexe_ros.core.interpretation import GroundedObject, Role

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""

LEFT_HAND_COLOUR: Colour = (255, 149, 42)
RIGHT_HAND_COLOUR: Colour = (64, 149, 255)
UNKNOWN_COLOUR: Colour = (168, 168, 168)
OBJECT_COLOURS: tuple[Colour, ...] = ((74, 214, 109), (240, 216, 64), (226, 96, 206), (64, 214, 214))
"""In the order in which an answer names objects; hands keep theirs."""


def target_colours(targets: Sequence[GroundedObject]) -> tuple[Colour, ...]:
    """Return a colour per target: hands by side, objects by their number among the objects."""
    objects = [number for number, target in enumerate(targets) if target.role is Role.OBJECT]
    fixed = {Role.LEFT_HAND: LEFT_HAND_COLOUR, Role.RIGHT_HAND: RIGHT_HAND_COLOUR, Role.UNKNOWN: UNKNOWN_COLOUR}
    return tuple(
        OBJECT_COLOURS[objects.index(number) % len(OBJECT_COLOURS)] if number in objects else fixed[target.role]
        for number, target in enumerate(targets)
    )
