"""Gives grounded objects their place: mask, depth and intrinsics to a box in the camera's optical frame.

The same for every engine. It knows nothing of how masks came about, and claims nothing that depth didn't see.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.boxes import box_around
from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import GroundedObject, Interpretation
from annexe_ros.core.support import support_plane
from annexe_ros.core.surface import visible_surface

ENOUGH_PIXELS = 6000
"""Of larger masks, rows and columns are left out down to about this many pixels: more cost time and change nothing."""

NO_DEPTH_NOTE = "The frame has no depth image, so the objects have no 3D pose."
NO_INTRINSICS_NOTE = "The camera's intrinsics are unknown, so the objects have no 3D pose."


def locate(interpretation: Interpretation, frame: Frame) -> Interpretation:
    """Return the interpretation with ``box3d`` and ``depth_coverage`` of every object that has a mask.

    An object without enough valid depth stays without a box; ``notes`` then says so, as it does when the frame has no
    depth or no intrinsics.
    """
    grounded = [target for target in interpretation.objects if target.mask_value]
    if not grounded:
        return interpretation
    if frame.depth is None or frame.camera is None:
        return _noted(interpretation, NO_DEPTH_NOTE if frame.depth is None else NO_INTRINSICS_NOTE)
    located = tuple(
        _located(target, interpretation, frame.depth, frame.camera) if target.mask_value else target
        for target in interpretation.objects
    )
    return _noted(replace(interpretation, objects=located), *_gaps(located))


def _located(
    target: GroundedObject, interpretation: Interpretation, depth: NDArray[np.float32], camera: PinholeCamera
) -> GroundedObject:
    mask = interpretation.mask(target)
    step = max(1, round(sqrt(np.count_nonzero(mask) / ENOUGH_PIXELS)))
    coarse = np.s_[::step, ::step]
    mask, depth, camera = mask[coarse], depth[coarse], camera.every(step)
    if not mask.any():
        return replace(target, box3d=None, depth_coverage=0.0)
    support = support_plane(mask, interpretation.label_image[coarse] > 0, depth, camera)
    surface = visible_surface(mask, depth, camera, support)
    return replace(target, box3d=box_around(surface.points, camera, support), depth_coverage=surface.coverage)


def _gaps(objects: tuple[GroundedObject, ...]) -> list[str]:
    return [
        f"The {target.label} has no 3D pose: depth is known at {target.depth_coverage:.0%} of its pixels."
        for target in objects
        if target.mask_value and target.box3d is None
    ]


def _noted(interpretation: Interpretation, *notes: str) -> Interpretation:
    return replace(interpretation, notes=(*interpretation.notes, *notes))
