"""Which hands and objects of an interaction were found at all: a coarser look than mean IoUs, as a user would judge.

A hand is found when it is named with its side and its mask fits; one that isn't there counts as a miss. An object is
covered when some mask of an object fits, whatever its name: on real frames names differ. Arrays only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annexe_ros.core import Role, role_of
from annexe_ros.evaluation.grounding import Mask, iou

HAND_IOU, OBJECT_IOU = 0.6, 0.4
"""From which IoU on a hand is found and an object covered."""

Named = tuple[str, Mask]


@dataclass(frozen=True)
class Findings:
    """Counts of one query: true hands, those found, hands named that aren't among them; objects, those covered."""

    hands: int
    hands_found: int
    hands_invented: int
    objects: int
    objects_covered: int


def findings(predicted: Sequence[Named], true: Sequence[Named]) -> Findings:
    """Compare the names and masks (H, W) of a reply with the truth."""
    found_hands, found_objects = _split(predicted)
    true_hands, true_objects = _split(true)
    found = [any(n == name and iou(m, mask) >= HAND_IOU for n, m in found_hands) for name, mask in true_hands]
    covered = [any(iou(m, mask) >= OBJECT_IOU for _, m in found_objects) for _, mask in true_objects]
    invented = {name for name, _ in found_hands} - {name for name, _ in true_hands}
    return Findings(len(found), sum(found), len(invented), len(covered), sum(covered))


def _split(named: Sequence[Named]) -> tuple[list[Named], list[Named]]:
    hands = [pair for pair in named if role_of(pair[0]) is not Role.OBJECT]
    return hands, [pair for pair in named if role_of(pair[0]) is Role.OBJECT]
