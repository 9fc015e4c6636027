"""The smallest box around a visible surface, and how well it is known.

The box is around what depth saw and claims nothing about the far side. An object that stands on a plane gets a box that
is square to it and ends there, for it can't go on below; any other gets the box of least volume. Nothing is known here
of masks and images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.depth import depth_noise
from annexe_ros.core.interpretation import OrientedBox
from annexe_ros.core.support import Plane

MIN_POINTS = 20
"""Fewer points are no surface."""

STANDS_WITHIN_M = 0.02
"""An object whose lowest visible points are this near to the plane stands on it."""

TRIMMED = (0.1, 99.9)
"""Percentiles of the points where the box ends: beyond them noise and stray pixels reach, not the surface."""

ANGLES = 45
COARSE_ANGLES = 15
"""Orientations tried about an axis, over a quarter turn: once it is chosen, and to choose it."""

RIGHT_AND_UP = np.array([1.0, -0.8, -0.2])
"""Axes are turned towards this direction of the optical frame; few axes of things on a table are square to it."""

MAX_NORMALS = 32
MAX_POINTS = 1000
"""Directions and points looked at when the box is turned: more of them cost time and change nothing."""

EDGE_PIXELS = 0.8
"""Lateral standard deviation of an edge [pixels]; Nguyen, Izadi, Lovell 2012, section III."""

UNKNOWN_ANGLE_VARIANCE = (np.pi / 2) ** 2 / 12
"""Variance [rad²] of an orientation that may be anything within the quarter turn a box repeats after."""


def box_around(points: NDArray[np.float64], camera: PinholeCamera, support: Plane | None = None) -> OrientedBox | None:
    """Return the box around points (N, 3) [m] in the camera's optical frame; None with fewer than ``MIN_POINTS``.

    The axes are a right-handed frame, longest side first; the first and the third point to the image's right and up, so
    that a still object's box keeps its orientation from frame to frame.
    """
    if len(points) < MIN_POINTS:
        return None
    stands = support is not None and abs(np.percentile(support.height(points), TRIMMED[0])) < STANDS_WITHIN_M
    normal = support.normal if support is not None and stands else _normal_of_least_volume(points)
    rotation = _least_area(points, _turned_about(normal, ANGLES))
    low, high = np.percentile(points @ rotation, TRIMMED, axis=0)
    if support is not None and stands and high[2] > -support.offset:  # what is sunk in ends where it was seen
        low[2] = -support.offset
    rotation, size, middle = _in_order(rotation, high - low, (low + high) / 2)
    center = rotation @ middle
    return OrientedBox(center, rotation, size, _covariance(center, rotation, size, camera))


def _normal_of_least_volume(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction (3,) that one axis of the smallest box has."""
    few = _thinned(points)
    principal = np.linalg.svd(few - few.mean(axis=0), full_matrices=False)[2]
    try:
        hull = ConvexHull(few)
    except QhullError:  # a flat surface has no volume: its normal is the principal axis without extent
        return principal[2]
    normals = np.concatenate([principal, _face_normals(hull)])
    axes = np.swapaxes(_turned_about(normals, COARSE_ANGLES), -1, -2).reshape(len(normals), -1, 3)
    sides = np.ptp(axes @ few[hull.vertices].T, axis=-1).reshape(len(normals), COARSE_ANGLES, 3)
    return normals[int(sides.prod(axis=-1).min(axis=1).argmin())]


def _thinned(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points[:: -(-len(points) // MAX_POINTS)]


def _face_normals(hull: ConvexHull) -> NDArray[np.float64]:
    """Return the distinct normals (K, 3) of a hull's faces, at most ``MAX_NORMALS`` spread over all of them."""
    faces = np.unique(np.round(hull.equations[:, :3], 2), axis=0)
    some = faces[np.linspace(0, len(faces) - 1, min(MAX_NORMALS, len(faces))).astype(int)]
    return some / np.linalg.norm(some, axis=1, keepdims=True)


def _turned_about(normals: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return rotations (..., count, 3, 3) over a quarter turn about ``normals`` (..., 3), their third columns."""
    other = np.eye(3)[np.abs(normals).argmin(axis=-1)]
    first = np.cross(normals, other)[..., None, :]
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    z = normals[..., None, :]
    second = np.cross(z, first)
    angles = np.linspace(0, np.pi / 2, count, endpoint=False)[:, None]
    x = np.cos(angles) * first + np.sin(angles) * second
    y = np.cos(angles) * second - np.sin(angles) * first
    return np.stack([x, y, np.broadcast_to(z, x.shape)], axis=-1)


def _least_area(points: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation (3, 3) among those about one axis whose box has the least area across that axis."""
    low, high = np.percentile(_thinned(points) @ rotations[:, :, :2], TRIMMED, axis=1)
    return rotations[int((high - low).prod(axis=-1).argmin())]


def _in_order(
    rotation: NDArray[np.float64], size: NDArray[np.float64], middle: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return axes, size and centre along the axes: longest side first, right-handed, towards ``RIGHT_AND_UP``."""
    order = np.argsort(-size, kind="stable")
    axes, size, middle = rotation[:, order], size[order], middle[order]
    signs = np.where(RIGHT_AND_UP @ axes >= 0, 1.0, -1.0)
    signs[1] *= np.sign(np.linalg.det(axes * signs))
    return axes * signs, size, middle * signs


def _covariance(
    center: NDArray[np.float64], rotation: NDArray[np.float64], size: NDArray[np.float64], camera: PinholeCamera
) -> NDArray[np.float64]:
    """Return the covariance (6, 6) of centre [m²] and rotation about x, y, z [rad²] in the camera's optical frame.

    The centre lies between two faces per axis. Across the line of sight a face is known to ``EDGE_PIXELS``; along it to
    the sensor's depth noise, which neighbouring pixels share. The middle of two faces has half the variance of one. A
    direction is known as well as its long sides are: turning a side by a small angle about an axis changes the other
    two sides in proportion to the difference of their squares, so a square or round cross-section has none.
    """
    distance = float(np.linalg.norm(center))
    sight = np.outer(center, center) / distance**2
    edge = (EDGE_PIXELS * center[2] / min(camera.fx, camera.fy)) ** 2
    face = sight * depth_noise(center[2]) ** 2 + (np.eye(3) - sight) * edge
    squares = np.square(size)
    across = np.square(np.roll(squares, 1) - np.roll(squares, 2))
    lever = (np.roll(squares, 1) + np.roll(squares, 2)) / np.maximum(across, np.finfo(float).tiny)
    angles = np.minimum(float(np.trace(face)) / 3 * lever, UNKNOWN_ANGLE_VARIANCE)
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = face / 2
    covariance[3:, 3:] = rotation * angles @ rotation.T
    return covariance
