"""Colours by which people tell targets apart, the same in overlays, markers and pages."""

from __future__ import annotations

from collections.abc import Sequence

from annexe_ros.core.interpretation import GroundedObject, Role

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""

LEFT_HAND_COLOUR: Colour = (255, 149, 42)
RIGHT_HAND_COLOUR: Colour = (64, 149, 255)
UNKNOWN_COLOUR: Colour = (168, 168, 168)
GAZE_COLOUR: Colour = (255, 64, 96)
OBJECT_COLOURS: tuple[Colour, ...] = ((74, 214, 109), (240, 216, 64), (226, 96, 206), (64, 214, 214))
"""By the number of an object's track, or in the order in which an answer names objects; hands keep theirs."""


def target_colours(targets: Sequence[GroundedObject]) -> tuple[Colour, ...]:
    """Return a colour per target: hands by side, objects by track, and by order those without one.

    Objects of one answer differ as long as there are colours; where two tracks have the same, the older one keeps it.
    """
    fixed = {Role.LEFT_HAND: LEFT_HAND_COLOUR, Role.RIGHT_HAND: RIGHT_HAND_COLOUR, Role.UNKNOWN: UNKNOWN_COLOUR}
    places = iter(_places([target.track_id for target in targets if target.role is Role.OBJECT]))
    return tuple(OBJECT_COLOURS[next(places)] if t.role is Role.OBJECT else fixed[t.role] for t in targets)


def _places(track_ids: Sequence[int]) -> list[int]:
    """Return per object the place of its colour among ``OBJECT_COLOURS``."""
    count, free = len(OBJECT_COLOURS), set[int]()
    places = [0] * len(track_ids)
    for number in sorted(range(len(track_ids)), key=track_ids.__getitem__):
        free = free or set(range(count))
        wanted = track_ids[number] - 1 if track_ids[number] else number
        places[number] = min(free, key=lambda place: (place - wanted) % count)
        free.remove(places[number])
    return places
