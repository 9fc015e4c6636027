"""Stand-in for ROS 2's tf_transformations: homogeneous matrices (4, 4) and quaternions ordered x, y, z, w.

Like the real package it keeps the names of the old tf.transformations and leaves the mathematics to transforms3d, whose
quaternions start with w. Angles in radians, Euler sequences named as there ("sxyz": about the fixed x, y, z axes).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import transforms3d
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]
Quaternion = tuple[float, float, float, float]


def identity_matrix() -> Matrix:
    """Return the transform that changes nothing."""
    return np.eye(4)


def translation_matrix(direction: ArrayLike) -> Matrix:
    """Return the transform that moves by ``direction`` (3,)."""
    return transforms3d.affines.compose(direction, np.eye(3), np.ones(3))


def translation_from_matrix(matrix: ArrayLike) -> Matrix:
    """Return the translation (3,) of a transform."""
    return transforms3d.affines.decompose(np.asarray(matrix))[0]


def quaternion_matrix(quaternion: Sequence[float]) -> Matrix:
    """Return the rotation of a quaternion; it needn't have length 1."""
    return _rotation(transforms3d.quaternions.quat2mat(_w_first(quaternion)))


def quaternion_from_matrix(matrix: ArrayLike) -> Quaternion:
    """Return the unit quaternion of the rotation in a transform."""
    return _w_last(transforms3d.quaternions.mat2quat(transforms3d.affines.decompose(np.asarray(matrix))[1]))


def quaternion_multiply(quaternion1: Sequence[float], quaternion0: Sequence[float]) -> Quaternion:
    """Return the rotation that applies ``quaternion0`` first."""
    return _w_last(transforms3d.quaternions.qmult(_w_first(quaternion1), _w_first(quaternion0)))


def quaternion_conjugate(quaternion: Sequence[float]) -> Matrix:
    """Return the conjugate (4,): the inverse of a unit quaternion."""
    return np.asarray(quaternion, dtype=np.float64) * (-1.0, -1.0, -1.0, 1.0)


def quaternion_inverse(quaternion: Sequence[float]) -> Matrix:
    """Return the inverse (4,)."""
    return quaternion_conjugate(quaternion) / np.dot(quaternion, quaternion)


def quaternion_about_axis(angle: float, axis: Sequence[float]) -> Quaternion:
    """Return the rotation by ``angle`` about ``axis`` (3,)."""
    return _w_last(transforms3d.quaternions.axangle2quat(axis, angle))


def quaternion_from_euler(ai: float, aj: float, ak: float, axes: str = "sxyz") -> Quaternion:
    """Return the quaternion of three Euler angles."""
    return _w_last(transforms3d.euler.euler2quat(ai, aj, ak, axes=axes))


def euler_from_quaternion(quaternion: Sequence[float], axes: str = "sxyz") -> tuple[float, float, float]:
    """Return three Euler angles of a quaternion."""
    return euler_from_matrix(quaternion_matrix(quaternion), axes)


def euler_from_matrix(matrix: ArrayLike, axes: str = "sxyz") -> tuple[float, float, float]:
    """Return three Euler angles of the rotation in a transform."""
    return transforms3d.euler.mat2euler(matrix, axes=axes)


def euler_matrix(ai: float, aj: float, ak: float, axes: str = "sxyz") -> Matrix:
    """Return the rotation of three Euler angles."""
    return _rotation(transforms3d.euler.euler2mat(ai, aj, ak, axes=axes))


def concatenate_matrices(*matrices: ArrayLike) -> Matrix:
    """Return the product of the transforms; the last one is applied first."""
    return functools.reduce(np.dot, matrices, np.eye(4))


def inverse_matrix(matrix: ArrayLike) -> Matrix:
    """Return the inverse of a transform."""
    return np.linalg.inv(np.asarray(matrix, dtype=np.float64))


def _rotation(rotation: Matrix) -> Matrix:
    return transforms3d.affines.compose(np.zeros(3), rotation, np.ones(3))


def _w_first(quaternion: Sequence[float]) -> Quaternion:
    x, y, z, w = quaternion
    return w, x, y, z


def _w_last(quaternion: Sequence[float]) -> Quaternion:
    w, x, y, z = quaternion
    return x, y, z, w
