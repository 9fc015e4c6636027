"""From a mask and a depth image to the points of the visible surface; what depth doesn't see stays unknown.

Masks run over edges, and depth mixes near and far there. So a mask is trusted in its inside, and a pixel of its margin
only where its depth goes on from the inside. Nothing is known here of objects and boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.depth import depth_noise, known_depth
from annexe_ros.core.interpretation import window_around
from annexe_ros.core.support import Plane

ROWS_PER_MARGIN_PIXEL = 240
"""Margin of a mask: one pixel per this many rows of the image, as the width of mixed pixels grows with resolution."""

SMALLER_PART = 0.05
"""A part of the mask counts beside the largest one from this share of its area: a finger may cut an object in two."""

MAD_TO_SIGMA = 1.4826
MAD_LIMIT = 6.0
MAD_FLOOR_M = 0.15
GAP_M = 0.02
"""Depth further from the median than the limit (in robust standard deviations) and the floor isn't the object's, if a
gap lies between. Without one it is: from steeply above, an object's side is a few pixels far below its top."""

ON_PLANE_M = 0.004
FLAT_SHARE = 0.5
"""Points nearer to the plane are the plane's, unless less than this share of the mask is higher."""

STEEPEST_SLOPE = 4.0
"""Depth per lateral distance up to which the surface goes on into the margin; more is a jump to what lies behind."""


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


def visible_surface(
    mask: NDArray[np.bool_], depth: NDArray[np.float32], camera: PinholeCamera, support: Plane | None = None
) -> Surface:
    """Return the points of a mask (H, W) bool that are the object's, from depth (H, W) [m] aligned to it.

    With the plane that the object stands on, the plane's own points are none of the object's.
    """
    place = window_around(mask)
    if place is None:
        nothing = np.zeros(0, dtype=np.intp)
        return Surface(np.zeros((0, 3)), nothing, nothing, 0.0)
    window = _Window(place, mask[place], depth[place], camera)
    known = window.mask & known_depth(window.depth)
    usable = known if support is None else _off_the_plane(known, window, support)
    rows, columns = np.nonzero(_belonging(usable, window))
    return Surface(window.points(rows, columns), *window.pixels(rows, columns), float(known.sum() / window.mask.sum()))


@dataclass(frozen=True, eq=False)
class _Window:
    """The part of a frame that holds the mask; rows and columns are the window's own."""

    place: tuple[slice, slice]
    mask: NDArray[np.bool_]
    depth: NDArray[np.float32]
    camera: PinholeCamera

    @property
    def margin(self) -> int:
        """Pixels at the mask's edge that aren't trusted."""
        return max(1, round(self.camera.height / ROWS_PER_MARGIN_PIXEL))

    def pixels(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return rows and columns of the frame."""
        return rows + self.place[0].start, columns + self.place[1].start

    def points(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the points (N, 3) [m] of pixels with known depth."""
        v, u = self.pixels(rows, columns)
        return self.camera.deproject(u, v, self.depth[rows, columns].astype(np.float64))


def _off_the_plane(known: NDArray[np.bool_], window: _Window, plane: Plane) -> NDArray[np.bool_]:
    """Drop the pixels that show the plane itself, over which masks run; of a thing as flat as the plane keep all."""
    rows, columns = np.nonzero(known)
    points = window.points(rows, columns)
    above = plane.height(points) > ON_PLANE_M + 2 * depth_noise(points[:, 2])
    if above.sum() < FLAT_SHARE * above.size:
        return known
    off = np.zeros_like(known)
    off[rows[above], columns[above]] = True
    return off


def _trusted(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """Return the inside of the mask's large parts, and what of them is too thin to have one."""
    padded = np.pad(_large_parts(mask), 2 * margin)
    inside = ndimage.binary_erosion(padded, iterations=margin)
    thin = padded & ~ndimage.binary_dilation(inside, iterations=2 * margin)
    return (inside | thin)[2 * margin : -2 * margin, 2 * margin : -2 * margin]


def _large_parts(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    area = np.bincount(parts.ravel())
    area[0] = 0
    return (area >= max(1.0, SMALLER_PART * area.max()))[parts]


def _belonging(known: NDArray[np.bool_], window: _Window) -> NDArray[np.bool_]:
    """Return the object's pixels: the inside without outliers, and the margin where its depth goes on from there."""
    z, margin = window.depth, window.margin
    inside = _without_outliers(known & _trusted(window.mask, margin), z)
    if not inside.any():
        return inside
    distance, nearest = ndimage.distance_transform_edt(~inside, return_indices=True)
    origin = z[tuple(nearest)]
    step = distance * origin / min(window.camera.fx, window.camera.fy)
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
