"""Rotations and transforms, held against scipy: the same expectations hold for the real package and the stand-in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

tf = pytest.importorskip("tf_transformations", reason="neither the real package nor the stand-in is installed")

angle = st.floats(-3.0, 3.0)
steep_angle = st.floats(-1.5, 1.5)
unit = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1).map(lambda q: q / np.linalg.norm(q))


def same_rotation(a, b) -> bool:
    return abs(abs(np.dot(a, b)) - 1) < 1e-9


@given(unit)
def test_quaternion_and_matrix_are_each_others_inverse(q):
    matrix = tf.quaternion_matrix(q)
    np.testing.assert_allclose(matrix[:3, :3], Rotation.from_quat(q).as_matrix(), atol=1e-9)
    np.testing.assert_array_equal(matrix[3], [0, 0, 0, 1])
    assert same_rotation(tf.quaternion_from_matrix(matrix), q)


@given(unit, unit)
def test_product_applies_the_second_first(q1, q0):
    expected = (Rotation.from_quat(q1) * Rotation.from_quat(q0)).as_quat()
    assert same_rotation(tf.quaternion_multiply(q1, q0), expected)


@given(angle, steep_angle, angle)
def test_euler_angles_are_about_fixed_axes(roll, pitch, yaw):
    q = tf.quaternion_from_euler(roll, pitch, yaw)
    assert same_rotation(q, Rotation.from_euler("xyz", [roll, pitch, yaw]).as_quat())
    np.testing.assert_allclose(tf.euler_from_quaternion(q), [roll, pitch, yaw], atol=1e-6)
    np.testing.assert_allclose(tf.euler_matrix(roll, pitch, yaw), tf.quaternion_matrix(q), atol=1e-9)


@given(unit)
def test_inverse_undoes(q):
    np.testing.assert_allclose(tf.quaternion_multiply(tf.quaternion_inverse(q), q), [0, 0, 0, 1], atol=1e-9)


@given(unit, st.tuples(*[st.floats(-10, 10)] * 3))
def test_transform_is_rotation_then_translation(q, t):
    transform = tf.concatenate_matrices(tf.translation_matrix(t), tf.quaternion_matrix(q))
    moved = transform @ (0.1, 0.2, 0.3, 1.0)
    np.testing.assert_allclose(moved[:3], Rotation.from_quat(q).apply([0.1, 0.2, 0.3]) + t, atol=1e-9)
    np.testing.assert_allclose(tf.inverse_matrix(transform) @ transform, tf.identity_matrix(), atol=1e-9)
    np.testing.assert_allclose(tf.translation_from_matrix(transform), t, atol=1e-12)


def test_rotation_about_an_axis():
    np.testing.assert_allclose(tf.quaternion_about_axis(np.pi / 2, (0, 0, 1)), [0, 0, 0.5**0.5, 0.5**0.5])
