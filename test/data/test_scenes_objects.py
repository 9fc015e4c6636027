import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import COLOURS
from annexe_ros.data.scenes.objects import MAKERS
from annexe_ros.data.scenes.truth import CATEGORIES

LARGEST = {"chair": 1.2, "laptop": 0.6, "storage furniture": 0.65, "lamp": 0.5, "safe": 0.6, "trash can": 0.6}


def points_on(mesh):
    """Return points spread over the faces."""
    corners = mesh.vertices[mesh.faces]
    weights = np.random.default_rng(0).dirichlet((1, 1, 1), 12)
    return np.einsum("wc,fcx->fwx", weights, corners).reshape(-1, 3)


def test_there_is_a_maker_for_every_category():
    assert set(MAKERS) == set(CATEGORIES)


@pytest.mark.parametrize("category", CATEGORIES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_objects_are_named_stand_on_the_ground_and_have_natural_sizes(category, seed):
    model = MAKERS[category](np.random.default_rng(seed))
    assert model.category == category
    assert model.colour in COLOURS
    assert abs(model.bounds[0][2]) < 0.02
    assert 0.03 < model.size.max() < LARGEST.get(category, 0.45)


@pytest.mark.parametrize("category", CATEGORIES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_grips_are_at_the_object(category, seed):
    model = MAKERS[category](np.random.default_rng(seed))
    points = np.concatenate([points_on(part.mesh) for part in model.parts])
    assert model.grips
    for grip in model.grips:
        distance = np.linalg.norm(points - np.asarray(grip.point), axis=1).min()
        assert distance < grip.radius + 0.02


@pytest.mark.parametrize("category", CATEGORIES)
def test_no_two_objects_are_alike(category):
    sizes = [tuple(MAKERS[category](np.random.default_rng(seed)).size.round(6)) for seed in range(6)]
    assert len(set(sizes)) == 6


@given(st.floats(0.3, 2.0), st.floats(0, 360), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_a_transformed_object_stands_centred_with_its_grips(scale, degrees, seed):
    model = MAKERS["mug"](np.random.default_rng(seed))
    moved = model.transformed(scale, Rotation.from_euler("x", degrees, degrees=True))
    low, high = moved.bounds
    assert low[2] == pytest.approx(0, abs=1e-9)
    assert (low + high)[:2] == pytest.approx([0, 0], abs=1e-9)
    assert moved.grips[0].radius == pytest.approx(scale * model.grips[0].radius)
    before = np.linalg.norm(np.subtract(model.grips[0].point, model.grips[1].point))
    assert np.linalg.norm(np.subtract(moved.grips[0].point, moved.grips[1].point)) == pytest.approx(scale * before)
