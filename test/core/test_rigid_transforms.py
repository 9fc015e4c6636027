import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from annexe_ros.core import OrientedBox
from annexe_ros.core.transforms import PoseTransform, RigidTransform

seeds = st.integers(0, 2**32 - 1)


def random_transform(rng: np.random.Generator) -> RigidTransform:
    return RigidTransform(Rotation.random(random_state=rng).as_matrix(), rng.normal(size=3))


def random_box(rng: np.random.Generator) -> OrientedBox:
    spread = rng.normal(size=(6, 6))
    rotation = Rotation.random(random_state=rng).as_matrix()
    return OrientedBox(rng.normal(size=3), rotation, rng.uniform(0.01, 0.5, 3), spread @ spread.T)


def corners(box: OrientedBox) -> np.ndarray:
    unit = np.array(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5])).reshape(3, -1).T
    return box.center + unit * box.size @ box.rotation.T


def test_a_camera_that_looks_forward_from_a_metre_up():
    """Optical axes (right, down, forward) to a body's (forward, left, up), written out by hand (REP-103)."""
    camera = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(camera.points([0.1, 0.2, 0.8]), [0.8, -0.1, 0.8])


@given(seeds)
def test_a_boxes_corners_go_where_its_points_go(seed: int):
    rng = np.random.default_rng(seed)
    transform, box = random_transform(rng), random_box(rng)
    np.testing.assert_allclose(corners(transform.box(box)), transform.points(corners(box)), atol=1e-12)


def test_the_covariance_of_a_camera_that_looks_forward_is_turned():
    """Along the line of sight the centre is known worst: in the body's frame that is x. Roll becomes yaw and so on."""
    camera = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.zeros(3))
    box = OrientedBox(np.zeros(3), np.eye(3), np.ones(3), np.diag([1.0, 2, 9, 0.1, 0.2, 0.3]))
    np.testing.assert_allclose(camera.box(box).covariance, np.diag([9.0, 1, 2, 0.3, 0.1, 0.2]), atol=1e-15)


def test_the_covariance_is_that_of_transformed_samples():
    """Samples of centre and rotation, each transformed as a pose, have the covariance that the box has then."""
    rng = np.random.default_rng(0)
    transform, box = random_transform(rng), random_box(rng)
    small = 1e-4 * rng.multivariate_normal(np.zeros(6), box.covariance, 200_000)
    centers = transform.points(box.center + small[:, :3])
    before, after = Rotation.from_matrix(box.rotation), Rotation.from_matrix(transform.rotation @ box.rotation)
    turned = Rotation.from_matrix(transform.rotation) * Rotation.from_rotvec(small[:, 3:]) * before
    errors = np.hstack([centers - transform.points(box.center), (turned * after.inv()).as_rotvec()])
    scale = np.abs(box.covariance).max()
    np.testing.assert_allclose(np.cov(errors.T) * 1e8, transform.box(box).covariance, atol=0.02 * scale)


def test_staying_in_a_frame_changes_nothing():
    box = random_box(np.random.default_rng(1))
    staying = PoseTransform.staying_in("camera", "why not")
    assert (staying.frame, staying.note) == ("camera", "why not")
    np.testing.assert_array_equal(staying.transform.box(box).covariance, box.covariance)
