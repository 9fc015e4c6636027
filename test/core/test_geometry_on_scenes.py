"""Boxes held against generated scenes: real shapes, hands, clutter, and what a depth sensor makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, Role
from annexe_ros.core.contact import with_contacts
from annexe_ros.core.geometry import locate

if TYPE_CHECKING:
    from annexe_ros.data.scenes.dataset import RenderedScene
    from annexe_ros.data.scenes.truth import Instance

pytestmark = pytest.mark.gl

SCENES = 16
SEED = 90210


@dataclass(frozen=True, eq=False)
class View:
    """A scene with exact depth and with a sensor's."""

    exact: RenderedScene
    sensed: RenderedScene


@dataclass(frozen=True, eq=False)
class Located:
    """An unoccluded object, and the boxes found with exact depth and with a sensor's."""

    truth: Instance
    exact: OrientedBox
    sensed: OrientedBox


def frame_of(scene: RenderedScene) -> Frame:
    return Frame(scene.image, (scene.depth / 1000).astype(np.float32), scene.truth.camera)


def true_masks(scene: RenderedScene) -> Interpretation:
    objects = tuple(GroundedObject(item.label, item.index, 1.0, item.role) for item in scene.truth.instances)
    return Interpretation("", "", True, 1.0, objects, scene.mask, "truth", "truth")


def boxes(scene: RenderedScene) -> dict[int, OrientedBox]:
    return {item.mask_value: item.box3d for item in locate(true_masks(scene), frame_of(scene)).objects}


def is_in_full_view(item: Instance, labels: np.ndarray) -> bool:
    mask = labels == item.index
    border = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return item.role is Role.OBJECT and item.visible_pixels > 0.98 * item.full_pixels and not border


@pytest.fixture(scope="module")
def views() -> list[View]:
    from annexe_ros.data.scenes.dataset import render_scene
    from annexe_ros.data.scenes.render import Renderer

    renderer = Renderer(320, 240)
    scenes = [
        View(*(render_scene(renderer, SEED, index, 320, 240, depth_noise=noisy) for noisy in (False, True)))
        for index in range(SCENES)
    ]
    renderer.close()
    return scenes


@pytest.fixture(scope="module")
def unoccluded(views: list[View]) -> list[Located]:
    return [
        Located(item, exact[item.index], sensed[item.index])
        for view in views
        for exact, sensed in [(boxes(view.exact), boxes(view.sensed))]
        for item in view.exact.truth.instances
        if is_in_full_view(item, view.exact.mask)
    ]


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


def test_contact_agrees_with_who_touches_what(views: list[View]):
    right = {True: [], False: []}
    for scene in (view.sensed for view in views):
        judged = {o.mask_value: o.touched_by for o in with_contacts(true_masks(scene), frame_of(scene)).objects}
        for item in scene.truth.instances:
            if item.role is Role.OBJECT:
                right[bool(item.touched_by)].append(judged[item.index] == item.touched_by)
    assert np.mean(right[True]) > 0.7
    assert np.mean(right[False]) > 0.9
