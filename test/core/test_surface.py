import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raycaster import CAMERA, seen, standing
from scipy import ndimage

from annexe_ros.core.depth import depth_noise
from annexe_ros.core.surface import visible_surface


def distance_to_sphere(points: np.ndarray, center: np.ndarray, radius: float) -> np.ndarray:
    return np.abs(np.linalg.norm(points - center, axis=1) - radius)


@pytest.fixture(scope="module")
def sphere():
    return standing("sphere", (0.1, 0.1, 0.1), 50.0, 0.0)


@pytest.fixture(scope="module")
def view(sphere):
    return seen(sphere, 50.0)


def test_points_lie_on_the_surface_and_project_to_their_pixels(sphere, view):
    surface = visible_surface(view.mask, view.depth, CAMERA)
    assert distance_to_sphere(surface.points, sphere.center, 0.05).max() < 1e-6
    pixels = CAMERA.project(surface.points)
    assert np.allclose(pixels, np.stack([surface.columns, surface.rows], axis=1))
    assert surface.coverage == 1.0
    assert len(surface.points) > 0.97 * view.mask.sum()


@pytest.mark.parametrize("unknown", [np.nan, 0.0, np.inf, -1.0])
def test_unknown_depth_is_left_out_and_counted(view, unknown: float):
    depth = view.depth.copy()
    hole = view.mask & (np.arange(CAMERA.width) < CAMERA.width // 2)
    depth[hole] = unknown
    surface = visible_surface(view.mask, depth, CAMERA)
    assert surface.coverage == pytest.approx(1 - hole.sum() / view.mask.sum())
    assert not hole[surface.rows, surface.columns].any()


def test_a_mask_that_runs_over_the_edge_takes_no_background_with_it(sphere, view):
    """One pixel all around is how far masks of a good model are off."""
    wide = ndimage.binary_dilation(view.mask)
    surface = visible_surface(wide, view.depth, CAMERA)
    stray = distance_to_sphere(surface.points, sphere.center, 0.05) > 0.005
    assert stray.mean() < 0.01
    assert view.mask[surface.rows, surface.columns].sum() > 0.9 * view.mask.sum()


def test_pixels_that_mix_near_and_far_are_left_out(sphere, view):
    rim = view.mask & ~ndimage.binary_erosion(view.mask)
    depth = np.where(rim, view.depth + 0.04, view.depth)
    surface = visible_surface(view.mask, depth, CAMERA)
    assert not rim[surface.rows, surface.columns].any()


def test_a_patch_of_background_behind_a_gap_is_left_out(view):
    """As through the handle of a mug, or a hole in a mask's place."""
    rows, columns = np.nonzero(view.mask)
    middle = (
        slice(int(rows.mean()) - 6, int(rows.mean()) + 6),
        slice(int(columns.mean()) - 6, int(columns.mean()) + 6),
    )
    depth = view.depth.copy()
    depth[middle] += 0.5
    surface = visible_surface(view.mask, depth, CAMERA)
    assert surface.points[:, 2].max() < view.depth[view.mask].max() + 0.01


def test_specks_are_left_out_but_not_the_other_half_of_an_object(view):
    speck = np.zeros_like(view.mask)
    speck[5:9, 5:9] = True
    finger = np.zeros_like(view.mask)
    finger[:, 155:165] = True
    surface = visible_surface((view.mask & ~finger) | speck, view.depth, CAMERA)
    assert not speck[surface.rows, surface.columns].any()
    assert (surface.columns < 155).any()
    assert (surface.columns >= 165).any()


def test_from_steeply_above_the_low_side_of_a_high_box_is_kept():
    box = standing("box", (0.08, 0.08, 0.2), 75.0, 0.0)
    view = seen(box, 75.0)
    heights = (visible_surface(view.mask, view.depth, CAMERA).points - box.center) @ box.rotation[:, 2]
    assert heights.min() < -0.09


def test_a_thin_object_is_not_eroded_away():
    mask = np.zeros((240, 320), bool)
    mask[100, 50:150] = True
    assert len(visible_surface(mask, np.full(mask.shape, 0.5, np.float32), CAMERA).points) == 100


def test_an_empty_mask_has_no_surface(view):
    surface = visible_surface(np.zeros_like(view.mask), view.depth, CAMERA)
    assert (len(surface.points), surface.coverage) == (0, 0.0)


@given(st.integers(0, 2**32 - 1))
def test_any_mask_and_depth_give_finite_points_of_the_mask(seed: int):
    random = np.random.default_rng(seed)
    mask = random.random((24, 32)) < random.random()
    depth = random.choice([np.nan, 0.0, np.inf, 0.3, 0.31, 1.0, 9.0], (24, 32)).astype(np.float32)
    surface = visible_surface(mask, depth, CAMERA.resized(32, 24))
    assert np.isfinite(surface.points).all()
    assert mask[surface.rows, surface.columns].all()
    assert (surface.points[:, 2] > 0).all()
    assert 0.0 <= surface.coverage <= 1.0


def test_depth_noise_grows_from_a_millimetre_at_arms_length():
    assert depth_noise(0.4) == pytest.approx(0.0012)
    assert depth_noise(1.4) == pytest.approx(0.0031)
