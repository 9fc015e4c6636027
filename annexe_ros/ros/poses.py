"""Oriented boxes to ``geometry_msgs``: the only place where a rotation matrix becomes a quaternion."""

from __future__ import annotations

import numpy as np
import tf_transformations
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from numpy.typing import NDArray

from annexe_ros.core import OrientedBox


def pose_message(box: OrientedBox) -> Pose:
    """Return centre and orientation of a box, in the box's frame [m]."""
    return Pose(position=point_message(box.center), orientation=_quaternion(box.rotation))


def pose_with_covariance_message(box: OrientedBox) -> PoseWithCovariance:
    """Return the pose with its covariance, row by row over (x, y, z, rotation about x, y, z)."""
    return PoseWithCovariance(pose=pose_message(box), covariance=box.covariance.ravel())


def size_message(box: OrientedBox) -> Vector3:
    """Return the size along the box's axes [m]."""
    x, y, z = (float(value) for value in box.size)
    return Vector3(x=x, y=y, z=z)


def point_message(xyz: NDArray) -> Point:
    """Return a point (3,)."""
    x, y, z = (float(value) for value in xyz)
    return Point(x=x, y=y, z=z)


def _quaternion(rotation: NDArray[np.float64]) -> Quaternion:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    x, y, z, w = (float(value) for value in tf_transformations.quaternion_from_matrix(matrix))
    return Quaternion(x=x, y=y, z=z, w=w)
