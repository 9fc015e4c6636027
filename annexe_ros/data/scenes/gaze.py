"""Where the wearer of a generated scene looks: mostly at what the hands handle, near its middle, measured to a degree.

The point is that of an eye tracker: a point of the object's visible surface and an error of half a degree in x and y.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annexe_ros.core import Role
from annexe_ros.data.scenes.truth import Fixation, Instance, SceneTruth

ERROR_DEGREES = 0.5
TOUCHED_WEIGHT, OTHER_WEIGHT, HAND_WEIGHT = 6.0, 2.0, 1.0


def fixation(truth: SceneTruth, mask: NDArray[np.uint8], rng: np.random.Generator) -> Fixation | None:
    """Return what is looked at in a scene with this instance mask (H, W), and where; None where nothing is in view."""
    seen = [item for item in truth.instances if (mask == item.index).any()]
    if not seen:
        return None
    weights = np.array([_weight(item) for item in seen])
    target = seen[int(rng.choice(len(seen), p=weights / weights.sum()))]
    depth = ndimage.distance_transform_edt(np.pad(mask == target.index, 1))[1:-1, 1:-1].ravel() ** 2
    place = int(np.searchsorted(np.cumsum(depth), rng.random() * depth.sum(), side="right"))
    y, x = divmod(place, mask.shape[1])
    spread = math.tan(math.radians(ERROR_DEGREES))
    x += rng.normal(0, spread * truth.camera.fx)
    y += rng.normal(0, spread * truth.camera.fy)
    return Fixation(
        target.index,
        (round(float(np.clip(x, 0, mask.shape[1] - 1)), 2), round(float(np.clip(y, 0, mask.shape[0] - 1)), 2)),
    )


def _weight(item: Instance) -> float:
    if item.role is not Role.OBJECT:
        return HAND_WEIGHT
    return TOUCHED_WEIGHT if item.touched_by else OTHER_WEIGHT
