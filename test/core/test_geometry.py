"""Boxes held against solids whose place and size are known by formula."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raycaster import CAMERA, Solid, View, frame_of, grounded, seen, standing

from annexe_ros.core import Extent, OrientedBox
from annexe_ros.core.boxes import box_around
from annexe_ros.core.geometry import NO_DEPTH_NOTE, NO_INTRINSICS_NOTE, locate
from annexe_ros.core.support import Plane

PITCHES = (30.0, 50.0, 70.0)
SENSOR_SIGMA_M = 0.003


def box_of(view: View, depth: np.ndarray) -> OrientedBox:
    (target,) = locate(grounded(view.mask), frame_of(view, depth)).objects
    assert target.box3d is not None
    return target.box3d


def corners(box: OrientedBox) -> np.ndarray:
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    return box.center + (signs * box.size / 2) @ box.rotation.T


@pytest.mark.parametrize("pitch", PITCHES)
@pytest.mark.parametrize(("sigma", "limit_m"), [(0.0, 0.004), (SENSOR_SIGMA_M, 0.012)])
@pytest.mark.parametrize("size", [(0.12, 0.08, 0.10), (0.18, 0.10, 0.04), (0.05, 0.05, 0.14)])
def test_a_box_of_which_three_faces_are_seen_is_found_whole(pitch: float, sigma: float, limit_m: float, size: tuple):
    solid = standing("box", size, pitch, 0.5)
    view = seen(solid, pitch)
    box = box_of(view, view.noisy(sigma))
    assert np.linalg.norm(box.center - solid.center) < limit_m
    assert np.allclose(box.size, sorted(size, reverse=True), atol=2 * limit_m)


@pytest.mark.parametrize("pitch", PITCHES)
def test_a_standing_cylinder_is_upright(pitch: float):
    solid = standing("cylinder", (0.07, 0.07, 0.15), pitch, 0.0)
    view = seen(solid, pitch)
    box = box_of(view, view.noisy(SENSOR_SIGMA_M))
    assert abs(box.rotation[:, 0] @ solid.rotation[:, 2]) > 0.999
    assert np.linalg.norm(box.center - solid.center) < 0.015


def test_of_a_sphere_only_the_seen_cap_is_claimed():
    solid = standing("sphere", (0.1, 0.1, 0.1), 50.0, 0.0)
    view = seen(solid, 50.0)
    box = box_of(view, view.depth)
    toward_camera = (box.center - solid.center) @ -solid.center / np.linalg.norm(solid.center)
    assert box.extent is Extent.VISIBLE_SURFACE
    assert 0.015 < toward_camera < 0.05
    assert box.size[0] == pytest.approx(0.1, abs=0.005)


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(*[st.floats(0.05, 0.15)] * 3),
    pitch=st.floats(25.0, 80.0),
    yaw=st.floats(0.0, 3.0),
    lift=st.floats(0.0, 0.1),
    seed=st.integers(0, 9),
)
def test_the_box_holds_the_visible_points_and_little_more(
    size: tuple, pitch: float, yaw: float, lift: float, seed: int
):
    view = seen(standing("box", size, pitch, yaw, lift), pitch)
    box = box_of(view, view.noisy(0.001, seed))
    rows, columns = np.nonzero(view.mask)
    points = CAMERA.deproject(columns, rows, view.depth[view.mask].astype(float))
    outside = np.abs((points - box.center) @ box.rotation) - box.size / 2
    assert np.mean(outside.max(axis=1) > 0.004) < 0.02
    assert box.size.max() < np.linalg.norm(size) + 0.01


@settings(max_examples=30, deadline=None)
@given(turn=st.floats(0.0, 6.28), tilt=st.floats(-1.0, 1.0), seed=st.integers(0, 99))
def test_axes_are_a_right_handed_frame_with_the_longest_side_first(turn: float, tilt: float, seed: int):
    points = np.random.default_rng(seed).uniform(-0.5, 0.5, (500, 3)) * (0.2, 0.1, 0.05)
    rotation = Solid("box", np.zeros(3), _euler(turn, tilt), np.ones(3)).rotation
    box = box_around(points @ rotation.T + [0.0, 0.0, 0.8], CAMERA)
    assert np.allclose(box.rotation.T @ box.rotation, np.eye(3), atol=1e-9)
    assert np.linalg.det(box.rotation) == pytest.approx(1.0)
    assert list(box.size) == sorted(box.size, reverse=True)
    assert np.allclose(box.center, [0.0, 0.0, 0.8], atol=0.01)
    assert np.allclose(box.size, [0.2, 0.1, 0.05], atol=0.03)


def _euler(turn: float, tilt: float) -> np.ndarray:
    a, b, c, d = np.cos(turn), np.sin(turn), np.cos(tilt), np.sin(tilt)
    return np.array([[a, -b, 0], [b, a, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -d], [0, d, c]])


def test_a_flat_patch_gets_a_flat_box():
    grid = np.stack(np.meshgrid(np.linspace(0, 0.2, 30), np.linspace(0, 0.1, 20), [0.5]), axis=-1).reshape(-1, 3)
    box = box_around(grid, CAMERA)
    assert np.allclose(box.size, [0.2, 0.1, 0.0], atol=0.002)
    assert abs(box.rotation[2, 2]) == pytest.approx(1.0)


def test_what_is_sunk_in_a_little_has_no_negative_size():
    mat = np.stack(np.meshgrid(np.linspace(0, 0.2, 30), np.linspace(0, 0.1, 20), [0.5]), axis=-1).reshape(-1, 3)
    table = Plane(np.array([0.0, 0.0, -1.0]), 0.495)  # 5 mm nearer than the mat
    box = box_around(mat, CAMERA, table)
    assert np.allclose(box.size, [0.2, 0.1, 0.0], atol=0.002)
    assert (box.size >= 0).all()
    assert box.center[2] == pytest.approx(0.5)


def test_covariance_is_one_and_says_what_is_not_known():
    long = seen(standing("box", (0.18, 0.08, 0.04), 50.0, 0.3), 50.0)
    round_ = seen(standing("cylinder", (0.08, 0.08, 0.15), 50.0, 0.0), 50.0)
    sure, unsure = (box_of(view, view.depth) for view in (long, round_))
    for box in (sure, unsure):
        assert np.allclose(box.covariance, box.covariance.T)
        assert (np.linalg.eigvalsh(box.covariance) > 0).all()
        assert 0.0002 < np.sqrt(np.trace(box.covariance[:3, :3])) < 0.01
    about_its_axis = unsure.rotation[:, 0] @ unsure.covariance[3:, 3:] @ unsure.rotation[:, 0]
    assert np.sqrt(about_its_axis) > 0.2 > 4 * np.sqrt(np.trace(sure.covariance[3:, 3:]) / 3)


def test_covariance_grows_with_distance():
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (300, 3))
    near, far = (box_around(points + np.array([0.0, 0.0, z]), CAMERA) for z in (0.5, 2.0))
    assert np.trace(far.covariance[:3, :3]) > 4 * np.trace(near.covariance[:3, :3])


@pytest.fixture(scope="module")
def view():
    return seen(standing("box", (0.12, 0.08, 0.10), 50.0, 0.5), 50.0)


def test_every_object_with_a_mask_is_located(view: View):
    (rows, columns), left = np.nonzero(view.mask), np.zeros_like(view.mask)
    left[rows[columns < 160], columns[columns < 160]] = True
    located = locate(grounded(left, view.mask & ~left, labels=("mug", "bowl")), frame_of(view, view.depth))
    mug, bowl = located.objects
    assert mug.box3d.center[0] < bowl.box3d.center[0]
    assert (mug.depth_coverage, bowl.depth_coverage) == (1.0, 1.0)
    assert located.notes == ()


def test_without_depth_the_note_says_so(view: View):
    located = locate(grounded(view.mask), frame_of(view))
    assert (located.objects[0].box3d, located.notes) == (None, (NO_DEPTH_NOTE,))


def test_without_intrinsics_the_note_says_so(view: View):
    located = locate(grounded(view.mask), frame_of(view, view.depth, camera=None))
    assert (located.objects[0].box3d, located.notes) == (None, (NO_INTRINSICS_NOTE,))


def test_with_too_few_known_pixels_the_note_names_the_object(view: View):
    depth = np.full_like(view.depth, np.nan)
    rows, columns = np.nonzero(view.mask)
    depth[rows[:19], columns[:19]] = 0.5
    (target,), notes = (located := locate(grounded(view.mask), frame_of(view, depth))).objects, located.notes
    assert target.box3d is None
    assert target.depth_coverage == pytest.approx(19 / view.mask.sum())
    assert notes == ("The mug has no 3D pose: depth is known at 0% of its pixels.",)


def test_an_object_whose_mask_is_empty_is_noted(view: View):
    reply = grounded(np.zeros_like(view.mask))
    located = locate(reply, frame_of(view, view.depth))
    assert located.objects[0].box3d is None
    assert "The mug has no 3D pose" in located.notes[0]


def test_a_mask_of_stripes_that_fall_between_the_rows_looked_at_has_no_box(view: View):
    stripes = np.zeros_like(view.mask)
    stripes[1::2, :250] = True
    located = locate(grounded(stripes), frame_of(view, view.depth))
    assert (located.objects[0].box3d, located.objects[0].depth_coverage) == (None, 0.0)


def test_a_large_image_gives_the_same_box(view: View):
    solid = standing("box", (0.12, 0.08, 0.10), 50.0, 0.5)
    large = seen(solid, 50.0, CAMERA.resized(1280, 960))
    (target,) = locate(grounded(large.mask), frame_of(large, large.noisy(SENSOR_SIGMA_M), large.camera)).objects
    assert np.linalg.norm(target.box3d.center - solid.center) < 0.006


def test_objects_without_a_mask_stay_as_they_are(view: View):
    reply = grounded(view.mask)
    reply = replace(reply, objects=(replace(reply.objects[0], mask_value=0),))
    assert locate(reply, frame_of(view, view.depth)) is reply
