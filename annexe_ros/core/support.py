"""The plane that an object stands on, seen around its mask. Nothing is known of gravity: up is away from that plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.depth import depth_noise, known_depth
from annexe_ros.core.interpretation import bounding_box

RING_SHARE = 0.25
RING_MIN_PIXELS = 6
"""The ring looked at is this share of the mask's diagonal wide, and at least so many pixels."""

RING_SAMPLES_ACROSS = 12
"""Of a wider ring, rows and columns are left out: its plane has few unknowns, and looking at all of it takes long."""

SAMPLES = 2000
VOTERS = 500
TRIALS = 100
"""The plane is fitted to so many points; some of them choose it among so many guesses."""

INLIER_M = 0.006
MIN_INLIERS = 0.35
MIN_SAMPLES = 50


@dataclass(frozen=True, eq=False)
class Plane:
    """Points p with ``normal`` . p + ``offset`` = 0 [m]; the unit normal (3,) points to the camera's side."""

    normal: NDArray[np.float64]
    offset: float

    def height(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far points (N, 3) are above the plane, on the camera's side [m]."""
        return points @ self.normal + self.offset


def support_plane(
    mask: NDArray[np.bool_], others: NDArray[np.bool_], depth: NDArray[np.float32], camera: PinholeCamera
) -> Plane | None:
    """Return the plane that most of the surroundings of a mask lie in, or None where they are no plane.

    Args:
        mask: (H, W), the object; not empty.
        others: (H, W), pixels that are no surroundings, e.g. those of all grounded objects.
        depth: (H, W) [m], NaN and 0 unknown.
        camera: intrinsics.
    """
    rows, columns = _ring(mask, others, depth)
    if rows.size < MIN_SAMPLES:
        return None
    random = np.random.default_rng(0)
    chosen = random.choice(rows.size, SAMPLES, replace=False) if rows.size > SAMPLES else np.arange(rows.size)
    rows, columns = rows[chosen], columns[chosen]
    points = camera.deproject(columns, rows, depth[rows, columns].astype(np.float64))
    return _dominant_plane(points, random)


def _ring(
    mask: NDArray[np.bool_], others: NDArray[np.bool_], depth: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of usable pixels around a mask, evenly spread."""
    x, y, wide, tall = bounding_box(mask)
    reach = max(RING_MIN_PIXELS, round(RING_SHARE * float(np.hypot(tall, wide))))
    stride = max(1, reach // RING_SAMPLES_ACROSS)
    top, left = max(0, y - reach), max(0, x - reach)
    window = slice(top, y + tall + reach), slice(left, x + wide + reach)
    spread = np.s_[::stride, ::stride]
    outside = ~_covered(mask[window], stride)
    near = ndimage.distance_transform_edt(outside) <= reach / stride
    rows, columns = np.nonzero(near & outside & ~others[window][spread] & known_depth(depth[window][spread]))
    return rows * stride + top, columns * stride + left


def _covered(mask: NDArray[np.bool_], stride: int) -> NDArray[np.bool_]:
    """Return which blocks of ``stride`` pixels a side hold any pixel of a mask; the thinnest mask covers some."""
    for axis in (0, 1):
        mask = np.logical_or.reduceat(mask, np.arange(0, mask.shape[axis], stride), axis=axis)
    return mask


def _dominant_plane(points: NDArray[np.float64], random: np.random.Generator) -> Plane | None:
    """Fit a plane (N, 3) by RANSAC and least squares over its inliers."""
    tolerance = INLIER_M + 2 * depth_noise(points[:, 2])
    triples = points[random.integers(len(points), size=(TRIALS, 3))]
    normals = np.cross(triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    usable = lengths > 1e-9
    if not usable.any():
        return None
    normals = normals[usable] / lengths[usable, None]
    offsets = -np.einsum("ij,ij->i", normals, triples[usable, 0])
    voting = np.s_[:: -(-len(points) // VOTERS)]
    # One plane at a time: for a product this large BLAS would wake its threads, and wait for them where cores are busy.
    heights = (normals[:, None] @ points[voting].T)[:, 0] + offsets[:, None]
    best = int(np.count_nonzero(np.abs(heights) <= tolerance[voting], axis=1).argmax())
    near = np.abs(points @ normals[best] + offsets[best]) <= tolerance
    return _least_squares(points[near]) if np.count_nonzero(near) >= MIN_INLIERS * len(points) else None


def _least_squares(points: NDArray[np.float64]) -> Plane:
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle, full_matrices=False)[2][2]
    offset = -float(normal @ middle)
    return Plane(normal, offset) if offset >= 0 else Plane(-normal, -offset)
