"""Oriented boxes to ``geometry_msgs``, transforms back: the only place where rotation matrices meet quaternions."""

from __future__ import annotations

import numpy as np
import tf_transformations
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Transform, Vector3
from numpy.typing import NDArray

from annexe_ros.core import OrientedBox
from annexe_ros.core.transforms import RigidTransform


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


def rigid_transform(message: Transform) -> RigidTransform:
    """Return a transform of tf as matrix and vector [m]."""
    moved, turned = message.translation, message.rotation
    matrix = tf_transformations.quaternion_matrix((turned.x, turned.y, turned.z, turned.w))
    return RigidTransform(matrix[:3, :3], np.array([moved.x, moved.y, moved.z]))


def _quaternion(rotation: NDArray[np.float64]) -> Quaternion:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    x, y, z, w = (float(value) for value in tf_transformations.quaternion_from_matrix(matrix))
    return Quaternion(x=x, y=y, z=z, w=w)
