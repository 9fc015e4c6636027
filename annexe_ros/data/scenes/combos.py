"""Which (category, hand, surface) combinations of a touch are kept away from training.

A hand that touches an object makes one combination. With c, h, s the positions of category, hand (left 0, right 1) and
surface in ``CATEGORIES``, (left, right) and ``SURFACES``, a combination is held out if (3c + 4h + 5s) mod 8 = 0: two of
the sixteen categories for every hand and surface, every category with both hands. The generator never draws a held-out
combination unless asked for unseen ones, and then draws no other.
"""

from __future__ import annotations

from annexe_ros.core import Hands
from annexe_ros.data.scenes.truth import CATEGORIES

SURFACES = ("wooden table", "marble table", "plain table", "tablecloth", "tiled counter", "bed", "carpet", "floor")
"""What objects stand on."""


def is_held_out(category: str, hand: Hands, surface: str) -> bool:
    """Return whether a touch of ``category`` by one ``hand`` on ``surface`` is reserved for unseen scenes."""
    c, h, s = CATEGORIES.index(category), int(hand is Hands.RIGHT), SURFACES.index(surface)
    return (3 * c + 4 * h + 5 * s) % 8 == 0
