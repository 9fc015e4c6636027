"""Boxes held against generated scenes: real shapes, hands, clutter, and what a depth sensor makes of them."""

from dataclasses import dataclass

import numpy as np
import pytest

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, Role
from annexe_ros.core.geometry import locate
from annexe_ros.data.scenes.truth import Instance, SceneTruth

pytestmark = pytest.mark.gl

SCENES = 8
SEED = 90210


@dataclass(frozen=True, eq=False)
class Located:
    """An unoccluded object, and the boxes found with exact depth and with a sensor's."""

    truth: Instance
    exact: OrientedBox
    sensed: OrientedBox


def boxes(truth: SceneTruth, image: np.ndarray, depth_mm: np.ndarray, labels: np.ndarray) -> dict[int, OrientedBox]:
    objects = tuple(GroundedObject(item.label, item.index, 1.0, item.role) for item in truth.instances)
    frame = Frame(image, (depth_mm / 1000).astype(np.float32), truth.camera)
    located = locate(Interpretation("", "", True, 1.0, objects, labels, "truth", "truth"), frame)
    return {item.mask_value: item.box3d for item in located.objects}


def is_in_full_view(item: Instance, labels: np.ndarray) -> bool:
    mask = labels == item.index
    border = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return item.role is Role.OBJECT and item.visible_pixels > 0.98 * item.full_pixels and not border


@pytest.fixture(scope="module")
def unoccluded() -> list[Located]:
    from annexe_ros.data.scenes.dataset import render_scene
    from annexe_ros.data.scenes.render import Renderer

    renderer, found = Renderer(320, 240), []
    for index in range(SCENES):
        exact, sensed = (render_scene(renderer, SEED, index, 320, 240, depth_noise=noisy) for noisy in (False, True))
        ours = [boxes(exact.truth, scene.image, scene.depth, scene.mask) for scene in (exact, sensed)]
        found += [
            Located(item, ours[0][item.index], ours[1][item.index])
            for item in exact.truth.instances
            if is_in_full_view(item, exact.mask)
        ]
    renderer.close()
    return found


def center_error(box: OrientedBox, truth: Instance) -> float:
    return float(np.linalg.norm(box.center - truth.center))


def test_with_exact_depth_the_median_error_of_the_centre_is_under_a_centimetre(unoccluded: list[Located]):
    """The truth is the centre of the whole object: what is seen of a standing thing mostly spans it."""
    assert len(unoccluded) > 15
    assert np.median([center_error(item.exact, item.truth) for item in unoccluded]) < 0.01


def test_with_a_sensors_depth_it_is_under_two(unoccluded: list[Located]):
    assert np.median([center_error(item.sensed, item.truth) for item in unoccluded]) < 0.02


def test_sizes_are_those_of_the_objects(unoccluded: list[Located]):
    errors = [np.abs(item.exact.size - np.sort(item.truth.size)[::-1]) for item in unoccluded]
    assert np.median(errors) < 0.01


def test_most_things_stand_upright(unoccluded: list[Located]):
    """One of the box's axes is the object's own vertical (its third)."""
    aligned = [np.abs(item.exact.rotation.T @ np.array(item.truth.rotation)[:, 2]).max() for item in unoccluded]
    assert np.median(aligned) > 0.999
