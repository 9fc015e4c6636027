"""The camera model against OpenCV's, there and back."""

import json
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raycaster import CAMERA, frame_of, grounded, seen, standing

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import BadImageError
from annexe_ros.core.geometry import locate

PLUMB_BOB = (-0.28, 0.09, 0.0011, -0.0007, -0.012)  # a webcam of 80 degrees
RATIONAL = (0.51, -2.71, 0.0005, -0.0002, 1.55, 0.39, -2.53, 1.48)  # an Orbbec Femto's colour camera, rounded
LENSES = [(), PLUMB_BOB, RATIONAL]

lenses = st.tuples(
    st.floats(-0.3, 0.3), st.floats(-0.05, 0.1), st.floats(-0.003, 0.003), st.floats(-0.003, 0.003), st.floats(-0.02, 0)
)


def camera(distortion=(), width=640, height=480):
    return PinholeCamera(width, height, 520.0, 525.0, 321.5, 236.0, distortion)


def matrix(camera):
    return np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])


def grid(camera, step=16):
    v, u = np.mgrid[0 : camera.height : step, 0 : camera.width : step]
    return u.ravel(), v.ravel()


@pytest.mark.parametrize("lens", LENSES, ids=len)
def test_points_are_seen_where_opencv_sees_them(lens):
    points = np.random.default_rng(0).uniform((-0.4, -0.3, 0.8), (0.4, 0.3, 1.5), (200, 3))
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix(camera(lens)), np.array(lens))
    np.testing.assert_allclose(camera(lens).project(points), expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("lens", LENSES, ids=len)
def test_rays_are_those_of_opencv(lens):
    u, v = grid(camera(lens))
    pixels = np.stack([u, v], axis=1).astype(float)
    rays = camera(lens).deproject(u, v, np.ones(u.shape))
    roughly = cv2.undistortPoints(pixels[:, None], matrix(camera(lens)), np.array(lens))[:, 0]  # five steps
    np.testing.assert_allclose(rays[:, :2], roughly, atol=0.01)
    exactly, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), matrix(camera(lens)), np.array(lens))
    np.testing.assert_allclose(exactly[:, 0], pixels, atol=1e-5)
    np.testing.assert_allclose(camera(lens).deproject(u, v, np.full(u.shape, 2.0)), 2 * rays)


@given(lenses, st.floats(0.2, 5.0))
def test_pixels_survive_the_way_out_and_in(lens, depth):
    u, v = grid(camera(lens), 32)
    pixels = camera(lens).project(camera(lens).deproject(u, v, np.full(u.shape, depth)))
    np.testing.assert_allclose(pixels, np.stack([u, v], axis=1), atol=1e-3)


def test_distortion_of_several_pixels_is_undone():
    corner = (np.array([0.0]), np.array([0.0]), np.array([1.0]))
    assert np.linalg.norm(camera(PLUMB_BOB).deproject(*corner) - camera().deproject(*corner)) > 0.05


def test_pixels_that_no_ray_reaches_keep_their_direction():
    lens = (-0.5, 0.0, 0.0, 0.0, 0.0)  # folds at 0.82 focal lengths, which is seen at 0.54: the corners are beyond
    points = camera(lens).deproject(np.array([0.0, 321.5]), np.array([0.0, 236.0]), np.ones(2))
    np.testing.assert_allclose(points, camera().deproject(np.array([0.0, 321.5]), np.array([0.0, 236.0]), np.ones(2)))


@pytest.mark.parametrize("lens", LENSES, ids=len)
def test_a_smaller_or_cropped_image_sees_the_same_rays(lens):
    full = camera(lens)
    ray = full.deproject(np.array([100.0]), np.array([60.0]), np.array([1.0]))
    for other, u, v in (
        (full.every(4), 25.0, 15.0),
        (full.cropped(40, 50, 200, 100), 60.0, 10.0),
        (full.resized(320, 240), 49.75, 29.75),
    ):
        np.testing.assert_allclose(other.deproject(np.array([u]), np.array([v]), np.array([1.0])), ray)
    assert (full.every(3).width, full.every(3).height) == (214, 160)


def test_a_thing_at_the_edge_of_a_distorted_image_is_where_it_is():
    lens = replace(CAMERA, fx=180.0, fy=180.0, distortion=PLUMB_BOB)
    middle = standing("box", (0.12, 0.08, 0.10), 50.0, 0.5)
    solid = replace(middle, center=middle.center + np.array([0.33, 0.0, 0.0]))
    view = seen(solid, 50.0, lens)

    def error(camera):
        (target,) = locate(grounded(view.mask), frame_of(view, view.depth, camera)).objects
        return np.linalg.norm(target.box3d.center - solid.center)

    assert error(lens) < 0.004
    assert error(replace(lens, distortion=())) > 0.02


def test_intrinsics_survive_json():
    assert PinholeCamera(**json.loads(json.dumps(asdict(camera(PLUMB_BOB))))) == camera(PLUMB_BOB)
    assert hash(PinholeCamera(**json.loads(json.dumps(asdict(camera()))))) == hash(camera())


@pytest.mark.parametrize("lens", [(0.1,), (0.1,) * 4, (0.1,) * 14, (np.nan, 0.0, 0.0, 0.0, 0.0)])
def test_other_coefficients_are_refused(lens):
    with pytest.raises(BadImageError, match="5 or 8 coefficients"):
        camera(lens)
