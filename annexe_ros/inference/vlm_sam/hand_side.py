"""Left or right, from the shape of a hand's mask: where its arm comes from, and where it lies.

A hand of the wearer's own hangs on an arm that comes into view on its own side: mostly below, at times at the side.
What is unknown here: the picture, and whose hand it is. The weights were fitted to generated scenes, whose masks are
exact (docs/engines.md says how and how well it does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Hands

ENTRY_WEIGHT = 2.84
PLACE_WEIGHT = 2.89
EXTENDED_WEIGHT = 0.67
"""Log-odds of a right hand per image height to the right of the middle: where the arm crosses the border, where the
pixels are on average, and where the arm would cross if it went on (a sleeve, which isn't the hand's, covers it)."""

MIN_CROSSING = 0.015
"""Pixels on the border, per image height, from which an arm crosses it there."""

SAID_LOG_ODDS = math.log(0.75 / 0.25)
"""How far the language model's word goes."""


def sides_of(masks: Sequence[NDArray[np.bool_]], said: Sequence[Hands]) -> list[Hands]:
    """Return LEFT or RIGHT for each hand.

    Args:
        masks: (H, W) bool per hand; an empty one tells nothing.
        said: what the language model called them.

    Two hands are one of each: the further right one by the evidence is the right one. One hand, or more than two (there
    is another person), are judged each by itself.
    """
    evidence = [_evidence(mask, side) for mask, side in zip(masks, said, strict=True)]
    if len(evidence) == 2 and evidence[0] != evidence[1]:
        first = Hands.LEFT if evidence[0] < evidence[1] else Hands.RIGHT
        return [first, Hands.LEFT ^ Hands.RIGHT ^ first]
    return [Hands.RIGHT if value > 0 else Hands.LEFT for value in evidence]


def right_log_odds(mask: NDArray[np.bool_]) -> float:
    """Return the logarithm of the odds that a mask (H, W) bool is of a right hand; 0 for an empty one."""
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return 0.0
    height, width = mask.shape
    points = np.stack([columns - (width - 1) / 2, rows - (height - 1) / 2], axis=1) / height
    border = (rows == height - 1) | (rows == 0) | (columns == 0) | (columns == width - 1)
    place = float(points[:, 0].mean())
    if border.sum() >= MIN_CROSSING * height:
        return PLACE_WEIGHT * place + ENTRY_WEIGHT * float(points[border, 0].mean())
    return PLACE_WEIGHT * place + EXTENDED_WEIGHT * _extended(points, width / height / 2)


def _extended(points: NDArray[np.float64], half_width: float) -> float:
    """Return x where the arm's line leaves the image downwards, for points (N, 2) about the image's middle."""
    middle = points.mean(axis=0)
    offsets = points - middle
    axis = np.linalg.eigh(offsets.T @ offsets)[1][:, 1]
    axis = axis if axis[1] >= 0 else -axis
    reach = np.array([math.copysign(half_width, axis[0]), 0.5]) - middle
    with np.errstate(divide="ignore"):
        steps = np.where(axis == 0, np.inf, reach / axis)
    return float(middle[0] + axis[0] * steps.min())


def _evidence(mask: NDArray[np.bool_], said: Hands) -> float:
    return right_log_odds(mask) + (SAID_LOG_ODDS if said is Hands.RIGHT else -SAID_LOG_ODDS)
