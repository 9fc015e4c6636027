"""From a mask and a depth image to the points of the visible surface; what depth doesn't see stays unknown.

Masks run over edges, and depth mixes near and far there. So a mask is trusted in its inside, and a pixel of its margin
only where its depth goes on from the inside. Nothing is known here of objects, tables or boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from annexe_ros.core.camera import PinholeCamera

ROWS_PER_MARGIN_PIXEL = 240
"""Margin of a mask: one pixel per this many rows of the image, as the width of mixed pixels grows with resolution."""

SMALLER_PART = 0.25
"""A part of the mask counts beside the largest one from this share of its area: a finger may cut an object in two."""

MAD_TO_SIGMA = 1.4826
MAD_LIMIT = 6.0
MAD_FLOOR_M = 0.05
GAP_M = 0.02
"""Depth further from the median than the limit (in robust standard deviations) and the floor isn't the object's, if a
gap lies between. Without one it is: from steeply above, an object's side is a few pixels far below its top."""

STEEPEST_SLOPE = 4.0
"""Depth per lateral distance up to which the surface goes on into the margin; more is a jump to what lies behind."""


def depth_noise(z: ArrayLike) -> NDArray[np.float64]:
    """Return the standard deviation [m] of a structured-light sensor's depth at ``z`` [m].

    Nguyen, Izadi, Lovell, "Modeling Kinect Sensor Noise for Improved 3D Reconstruction and Tracking", 2012, equation 5.
    Active stereo head cameras are of this order in arm's reach.
    """
    return np.asarray(0.0012 + 0.0019 * np.square(np.asarray(z, dtype=np.float64) - 0.4))


@dataclass(frozen=True, eq=False)
class Surface:
    """The visible surface of one mask.

    Attributes:
        points: (N, 3) float64 [m] in the camera's optical frame.
        rows, columns: (N,) int, the pixels that they come from.
        coverage: share of the mask's pixels that have valid depth, 0 for an empty mask.
    """

    points: NDArray[np.float64]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    coverage: float


def known_depth(depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where depth (H, W) [m] is known: NaN, infinity, 0 and less mean unknown."""
    return np.isfinite(depth) & (depth > 0)


def visible_surface(mask: NDArray[np.bool_], depth: NDArray[np.float32], camera: PinholeCamera) -> Surface:
    """Return the points of a mask (H, W) bool that are the object's, from depth (H, W) [m] aligned to it."""
    found = ndimage.find_objects(mask.astype(np.uint8), max_label=1)[0]
    if found is None:
        nothing = np.zeros(0, dtype=np.intp)
        return Surface(np.zeros((0, 3)), nothing, nothing, 0.0)
    inside, z = mask[found], depth[found]
    known = inside & known_depth(z)
    margin = max(1, round(camera.height / ROWS_PER_MARGIN_PIXEL))
    kept = _belonging(known, _trusted(inside, margin), z, margin, camera)
    rows, columns = np.nonzero(kept)
    distance = z[rows, columns].astype(np.float64)
    rows, columns = rows + found[0].start, columns + found[1].start
    points = camera.deproject(columns, rows, distance)
    return Surface(points, rows, columns, float(known.sum() / inside.sum()))


def _trusted(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """Return the mask's inside; of a mask so thin that little is left, all of it. Specks are left out."""
    padded = np.pad(mask, margin)
    inside = ndimage.binary_erosion(padded, iterations=margin)[margin:-margin, margin:-margin]
    return _large_parts(inside if inside.sum() * 4 >= mask.sum() else mask)


def _large_parts(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    area = np.bincount(parts.ravel())
    area[0] = 0
    return (area >= max(1.0, SMALLER_PART * area.max()))[parts]


def _belonging(
    known: NDArray[np.bool_],
    trusted: NDArray[np.bool_],
    z: NDArray[np.float32],
    margin: int,
    camera: PinholeCamera,
) -> NDArray[np.bool_]:
    """Return the object's pixels: the inside without outliers, and the margin where its depth goes on from there."""
    inside = _without_outliers(known & trusted, z)
    if not inside.any():
        return inside
    distance, nearest = ndimage.distance_transform_edt(~inside, return_indices=True)
    origin = z[tuple(nearest)]
    step = distance * origin / min(camera.fx, camera.fy)
    goes_on = np.abs(z - origin) <= STEEPEST_SLOPE * step + 3 * depth_noise(origin)
    return inside | (known & goes_on & (distance <= margin * np.sqrt(2)))


def _without_outliers(where: NDArray[np.bool_], z: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Drop what is far from the median in units of the median absolute deviation (MAD), behind or before a gap."""
    values = z[where]
    if not values.size:
        return where
    middle = np.median(values)
    spread = MAD_TO_SIGMA * np.median(np.abs(values - middle))
    near = np.abs(values - middle) <= max(MAD_LIMIT * spread, MAD_FLOOR_M)
    order = np.argsort(values)
    stretch = np.empty(len(values), dtype=np.intp)
    stretch[order] = np.cumsum(np.diff(values[order], prepend=values[order[0]]) > GAP_M)
    kept = np.zeros_like(where)
    kept[where] = np.isin(stretch, stretch[near])
    return kept
