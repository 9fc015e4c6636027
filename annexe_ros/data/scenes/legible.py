"""Whether a person could tell from a picture what is written about it: nothing else is worth asking.

A safe whose door can't be seen is a box, and so is a cabinet; a bottle seen along its neck is a disc; and a hand that
seems to lie on a thing is taken for touching it, however far above the thing it really hangs.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.scenes.scene import PlacedObject, Scene
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.viewpoint import Viewpoint

_TOLD_BY_FRONT = ("safe", "storage furniture")
_LEAST_TOWARDS_CAMERA = 0.3
"""Cosine of the angle between such a front's normal and the way to the camera."""
_LONG = ("bottle",)
_LARGEST_ALONG = 0.92
"""Cosine of the angle between a long thing's axis and the line of sight."""
_IDLE_SHARE = 0.06
"""Share of an idle hand's outline that one thing may have, before or behind it."""
_MARGIN = 1 / 80
"""How much wider than the hand its outline is taken [image widths]."""


def touches_can_be_told(scene: Scene, mask: NDArray[np.uint8], alone: Callable[[int], NDArray[np.bool_]]) -> bool:
    """Tell whether every hand seems to touch what it touches, and an idle one nothing.

    ``mask`` (H, W) has indices as in the truth; ``alone`` gives the pixels (H, W) of one index with nothing before it.
    The forearm doesn't count: what it passes over, nobody takes for touched.
    """
    things = range(1, len(scene.objects) + 1)
    for dressed in scene.hands:
        hand = _outline(dressed.hand.to_world(dressed.hand.shape.mesh.vertices), scene.view, mask.shape)
        if dressed.touches is None:
            if any(alone(index)[hand].mean() > _IDLE_SHARE for index in things):
                return False
        elif np.bincount(mask[hand], minlength=len(things) + 1)[1 : len(things) + 1].argmax() != dressed.touches:
            return False
    return True


def faces(placed: PlacedObject, view: Viewpoint) -> bool:
    """Tell whether a thing turns to the camera what it is told by."""
    sight = view.position - placed.box_corners().mean(axis=0)
    sight /= np.linalg.norm(sight)
    if placed.model.category in _LONG:
        return bool(abs(sight @ _longest(placed)) < _LARGEST_ALONG)
    if placed.model.category in _TOLD_BY_FRONT:
        return bool(sight @ placed.rotation.apply([0.0, -1.0, 0.0]) > _LEAST_TOWARDS_CAMERA)
    return True


def _longest(placed: PlacedObject) -> Floats:
    return placed.rotation.apply(np.eye(3)[int(np.argmax(placed.model.size))])


def _outline(points: Floats, view: Viewpoint, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels (H, W) lie in the outline of world points, a little widened."""
    pixels, _ = view.pixels(points)
    outline = cv2.convexHull(np.clip(np.rint(pixels), -9999, 9999).astype(np.int32))
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, outline, 1)
    cv2.polylines(inside, [outline], True, 1, 2 * round(_MARGIN * shape[1]))
    return inside.astype(bool)
