import numpy as np
import pytest
from raycaster import CAMERA, seen, standing, table_frame

from annexe_ros.core.support import support_plane


@pytest.mark.parametrize("pitch", [25.0, 50.0, 80.0])
@pytest.mark.parametrize("sigma", [0.0, 0.003])
def test_the_table_is_found_around_an_object(pitch: float, sigma: float):
    view = seen(standing("box", (0.1, 0.08, 0.06), pitch, 0.4), pitch)
    plane = support_plane(view.mask, view.mask, view.noisy(sigma), CAMERA)
    up = table_frame(pitch, 0.0)[:, 2]
    assert np.degrees(np.arccos(min(1.0, plane.normal @ up))) < (0.1 if sigma == 0 else 1.0)
    assert plane.height(up[None] * 0.1 + [0.0, 0.0, 0.55]) == pytest.approx(0.1, abs=0.001 if sigma == 0 else 0.003)


def test_clutter_around_the_object_does_not_tilt_the_plane():
    view = seen(standing("box", (0.1, 0.08, 0.06), 50.0, 0.4), 50.0)
    depth = view.depth.copy()
    depth[:, :140][~view.mask[:, :140]] -= 0.1
    plane = support_plane(view.mask, view.mask, depth, CAMERA)
    assert plane.normal @ table_frame(50.0, 0.0)[:, 2] > 0.9999


def test_other_objects_are_no_surroundings():
    view = seen(standing("box", (0.1, 0.08, 0.06), 50.0, 0.4), 50.0)
    assert support_plane(view.mask, np.ones_like(view.mask), view.depth, CAMERA) is None


def test_rough_surroundings_are_no_plane():
    view = seen(standing("box", (0.1, 0.08, 0.06), 50.0, 0.4), 50.0)
    assert support_plane(view.mask, view.mask, view.noisy(0.1), CAMERA) is None


def test_without_depth_there_is_no_plane():
    view = seen(standing("box", (0.1, 0.08, 0.06), 50.0, 0.4), 50.0)
    assert support_plane(view.mask, view.mask, np.full_like(view.depth, np.nan), CAMERA) is None


def test_a_thing_of_one_row_between_those_looked_at_has_surroundings():
    view = seen(standing("box", (0.1, 0.08, 0.06), 50.0, 0.4), 50.0)
    thread = np.zeros_like(view.mask)
    thread[-25, 20:-20] = True
    plane = support_plane(thread, view.mask | thread, view.depth, CAMERA)
    assert plane.normal @ table_frame(50.0, 0.0)[:, 2] > 0.9999
