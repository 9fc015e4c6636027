"""Left or right, from the shape of a hand's mask: where its arm comes from, where it lies, and where its thumb is.

A hand of the wearer's own hangs on an arm that comes into view on its own side: mostly below, at times at the side. And
where the back of a hand is seen, as it mostly is from above, the thumb is on the inner side. Unknown here: the picture,
and whose hand it is. Most weights were fitted to generated scenes (docs/engines.md says how well that does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Hands

Points = NDArray[np.float64]

ENTRY_WEIGHT = 3.9
EXTENDED_WEIGHT = 2.6
PLACE_WEIGHT = 2.2
"""Log-odds of a right hand per image height to the right of the middle: where the arm crosses the border, where it
would cross if it went on (a sleeve, which isn't the hand's, covers it), and where the pixels are on average."""

THUMB_WEIGHT = 0.3
"""Log-odds per hand's area of hollow that is more on the left of the fingers than on their right. Set by anatomy and
kept small, enough for what nothing else decides: generated hands show palm and back alike, and a fit finds nothing."""

MIN_CROSSING = 0.015
"""Pixels on the border, per image height, from which an arm crosses it there."""

HAND_LENGTH = 1.2
"""How far the hand goes from the fingertips towards the arm, in square roots of the mask's area."""

SAID_LOG_ODDS = math.log(0.75 / 0.25)
"""How far the language model's word goes."""


def sides_of(
    masks: Sequence[NDArray[np.bool_]], said: Sequence[Hands], arms: Sequence[NDArray[np.bool_] | None] | None = None
) -> list[Hands]:
    """Return LEFT or RIGHT for each hand.

    Args:
        masks: (H, W) bool per hand; an empty one tells nothing.
        said: what the language model called them.
        arms: (H, W) bool per hand of its arm with the sleeve, None for one that isn't known.

    Two hands are one of each: the right one is that with more evidence of it. One hand, or more than two (there is
    another person), are judged each by itself.
    """
    of_each = arms or [None] * len(masks)
    return sides_from([right_log_odds(mask, arm) for mask, arm in zip(masks, of_each, strict=True)], said)


def sides_from(odds: Sequence[float], said: Sequence[Hands]) -> list[Hands]:
    """Return what ``sides_of`` does, from the ``right_log_odds`` of the masks."""
    evidence = [
        value + (SAID_LOG_ODDS if side is Hands.RIGHT else -SAID_LOG_ODDS)
        for value, side in zip(odds, said, strict=True)
    ]
    if len(evidence) == 2 and evidence[0] != evidence[1]:
        first = Hands.LEFT if evidence[0] < evidence[1] else Hands.RIGHT
        return [first, Hands.LEFT ^ Hands.RIGHT ^ first]
    return [Hands.RIGHT if value > 0 else Hands.LEFT for value in evidence]


def right_log_odds(mask: NDArray[np.bool_], arm: NDArray[np.bool_] | None = None) -> float:
    """Return the logarithm of the odds that a mask (H, W) bool is of a right hand; 0 for an empty one.

    ``arm`` (H, W) bool is its arm with the sleeve. The mirror image of a hand has the odds of the other one.
    """
    height, width = mask.shape
    points = _points(mask)
    if not points.size:
        return 0.0
    place = points.mean(axis=0)
    odds = PLACE_WEIGHT * place[0]
    crossing = _points(_on_the_border(mask if arm is None else mask | arm))
    if len(crossing) >= MIN_CROSSING * height:
        entry = crossing.mean(axis=0)
        odds += ENTRY_WEIGHT * entry[0] + THUMB_WEIGHT * _hollow_on_the_left(mask, points, entry - place)
    else:
        axis = _long_axis(points)
        extended = _leaving(place, axis, width / height / 2)
        hollow = _hollow_on_the_left(mask, points, axis)
        odds += axis[1] * (EXTENDED_WEIGHT * extended + THUMB_WEIGHT * hollow)  # level: either end may be the arm's
    return float(odds)


def _points(mask: NDArray[np.bool_]) -> Points:
    """Return the places (N, 2) of a mask's pixels about the image's middle, in image heights."""
    height, width = mask.shape
    return (np.argwhere(mask)[:, ::-1] - [(width - 1) / 2, (height - 1) / 2]) / height


def _on_the_border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = True
    return mask & ~inner


def _long_axis(points: Points) -> Points:
    """Return the direction (2,) of the largest spread of points (N, 2), downwards: the arm is below the fingers.

    It is as long as it is sure: 1 for a line, 0 for a disc.
    """
    offsets = points - points.mean(axis=0)
    (least, most), axes = np.linalg.eigh(offsets.T @ offsets)
    axis = axes[:, 1] * (1 - least / most if most > 0 else 0.0)
    return axis if axis[1] >= 0 else -axis


def _leaving(start: Points, direction: Points, half_width: float) -> float:
    """Return x where a line leaves the image, whose half height is 0.5."""
    reach = np.array([math.copysign(half_width, direction[0]), math.copysign(0.5, direction[1])]) - start
    steps = [r / d for r, d in zip(reach, direction, strict=True) if abs(d) > 1e-9]
    return float(start[0] + direction[0] * min(steps, default=0.0))


def _hollow_on_the_left(mask: NDArray[np.bool_], points: Points, arm: Points) -> float:
    """Return by how much more area, per area of the mask, its hull has on the left of the fingers than on their right.

    The deepest hollow of a hand is between thumb and fingers. ``points`` are those of the mask, ``arm`` (2,) is where
    the arm is from there.
    """
    along, length = points @ arm, HAND_LENGTH * math.sqrt(len(points)) / mask.shape[0] * np.hypot(*arm)
    hand = np.argwhere(mask)[along <= along.min() + length, ::-1].astype(np.int32)
    hull = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), cv2.convexHull(hand), 1)
    hollow = np.argwhere((hull > 0) & ~mask)[:, ::-1] - hand.mean(axis=0)
    across = hollow @ np.array([arm[1], -arm[0]])
    return float(((across < 0).sum() - (across > 0).sum()) / len(points))
