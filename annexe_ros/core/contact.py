"""Which hands touch an object, from their masks and, where it is known, from depth.

For engines that don't say it. Touching is judged from one view: masks that meet over some length, and surfaces that are
near to each other there. A hand that hovers just over an object can't be told from one that touches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annexe_ros.core.depth import known_depth
from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import GroundedObject, Hands, Interpretation, Role
from annexe_ros.core.surface import ROWS_PER_MARGIN_PIXEL

HAND_OF = {Role.LEFT_HAND: Hands.LEFT, Role.RIGHT_HAND: Hands.RIGHT}
REACH = 2
"""Masks meet where they are this near, in margins of ``surface.ROWS_PER_MARGIN_PIXEL`` rows per pixel."""

MIN_LENGTH = 0.02
"""Masks meet over at least this share of the image's height."""

MAX_GAP_M = 0.09
"""A hand is up to that thick from the side that touches to the side that the camera sees: a fist around a handle."""

NEAR_PERCENT = 5.0
"""Percentile of the gaps along the contact that must be small: a fingertip suffices, though the whole arm passes by."""


def touching_hands(
    target: NDArray[np.bool_],
    hands: Mapping[Hands, NDArray[np.bool_]],
    depth: NDArray[np.float32] | None = None,
) -> Hands:
    """Return the hands, each with a mask (H, W), that touch an object's mask (H, W).

    ``depth`` (H, W) [m], NaN and 0 unknown, rules out those that are only seen beside or before it.
    """
    touching = Hands.NONE
    for hand, mask in hands.items():
        if _meet(target, mask, depth):
            touching |= hand
    return touching


def with_contacts(interpretation: Interpretation, frame: Frame) -> Interpretation:
    """Return the interpretation with ``touched_by`` and ``active`` set from its masks and the frame's depth.

    Only hands that are among its objects count. What the engine said of an object is kept where it said something.
    """
    hands = {
        HAND_OF[item.role]: interpretation.mask(item)
        for item in interpretation.objects
        if item.role in HAND_OF and item.mask_value
    }

    def judged(item: GroundedObject) -> GroundedObject:
        if item.role in HAND_OF or item.touched_by or not item.mask_value:
            return item
        touched_by = touching_hands(interpretation.mask(item), hands, frame.depth)
        return replace(item, touched_by=touched_by, active=item.active or bool(touched_by))

    return replace(interpretation, objects=tuple(judged(item) for item in interpretation.objects))


def _meet(target: NDArray[np.bool_], hand: NDArray[np.bool_], depth: NDArray[np.float32] | None) -> bool:
    height = target.shape[0]
    reach = REACH * max(1, round(height / ROWS_PER_MARGIN_PIXEL))
    seam = target & ndimage.binary_dilation(hand, iterations=reach)
    if seam.sum() < MIN_LENGTH * height * reach:
        return False
    if depth is None:
        return True
    gaps = _gaps(seam, hand, depth)
    return not gaps.size or bool(np.percentile(gaps, NEAR_PERCENT) <= MAX_GAP_M)


def _gaps(seam: NDArray[np.bool_], hand: NDArray[np.bool_], depth: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the depth differences [m] between pixels of the seam and the hand's nearest ones, where both are known."""
    known = known_depth(depth)
    if not (hand & known).any():
        return np.zeros(0)
    nearest = ndimage.distance_transform_edt(~(hand & known), return_distances=False, return_indices=True)
    usable = seam & known
    return np.abs(depth[usable] - depth[tuple(nearest)][usable]).astype(np.float64)
