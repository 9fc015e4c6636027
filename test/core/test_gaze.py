"""Gaze: assignment from label images, crops and their way back, and points that are missing, stale or invalid."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame, GroundedObject, Interpretation, PinholeCamera, Role
from annexe_ros.core.gaze import (
    CROPS,
    GazeReading,
    HeldGaze,
    crop_box,
    object_under_gaze,
    reading,
    value_under_gaze,
    view_around,
)

WIDTH, HEIGHT = 96, 72
SECOND = 1_000_000_000
COORDINATE = st.floats(allow_nan=True, allow_infinity=True, width=32)


def labels(*boxes):
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    for value, (left, top, right, bottom) in enumerate(boxes, start=1):
        image[top:bottom, left:right] = value
    return image


def reply(image):
    objects = (GroundedObject("mug", 1, 0.9, Role.OBJECT), GroundedObject("knife", 2, 0.9, Role.OBJECT))
    return Interpretation("", "mug and knife", True, 1.0, objects, image, "test", "test")


def frame():
    image = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint32).astype(np.uint8).reshape(HEIGHT, WIDTH, 3)
    depth = np.arange(HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    return Frame(image, depth, PinholeCamera(WIDTH, HEIGHT, 80, 80, 47.5, 35.5), stamp_ns=5)


def test_the_object_at_the_point_is_meant():
    image = labels((10, 10, 30, 30), (40, 10, 60, 30))
    assert object_under_gaze(reply(image), (20, 20)).label == "mug"
    assert object_under_gaze(reply(image), (50, 20)).label == "knife"
    assert object_under_gaze(reply(image), (80, 60)) is None


def test_a_point_just_beside_an_object_means_it_and_one_far_off_does_not():
    image = labels((10, 10, 30, 30))
    assert value_under_gaze(image, (30.5, 20)) == 1
    assert value_under_gaze(image, (36, 20)) == 0


def test_a_stray_pixel_at_the_point_does_not_outvote_its_surroundings():
    image = labels((10, 10, 30, 30), (20, 20, 21, 21))
    assert value_under_gaze(image, (20, 20), spread=0.03) == 1


def test_an_object_that_the_reply_does_not_name_is_none():
    assert object_under_gaze(reply(labels((0, 0, 1, 1), (1, 1, 2, 2), (10, 10, 30, 30))), (20, 20)) is None


@given(COORDINATE, COORDINATE)
def test_any_point_is_taken(x, y):
    image = labels((0, 0, WIDTH, HEIGHT))
    inside = math.isfinite(x) and math.isfinite(y) and 0 <= x < WIDTH and 0 <= y < HEIGHT
    assert value_under_gaze(image, (x, y)) == int(inside)
    assert (reading((x, y), WIDTH, HEIGHT).point is not None) is inside


@given(st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1), st.sampled_from(list(CROPS.values())))
def test_a_crop_lies_in_the_image_and_holds_the_point(x, y, fraction):
    left, top, width, height = crop_box((x, y), WIDTH, HEIGHT, fraction)
    assert (width, height) == (round(WIDTH * fraction), round(HEIGHT * fraction))
    assert 0 <= left <= x <= left + width <= WIDTH
    assert 0 <= top <= y <= top + height <= HEIGHT


def test_a_crop_in_the_middle_is_centred():
    assert crop_box((48, 36), WIDTH, HEIGHT, 1 / 2) == (24, 18, 48, 36)


@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.sampled_from(list(CROPS.values())))
def test_a_view_shows_the_same_scene_and_its_reply_comes_back(x, y, fraction):
    full = frame()
    view = view_around(full, GazeReading((x, y)), fraction)
    left, top = view.box[:2]
    inner_x, inner_y = x - left, y - top
    if inner_x < view.frame.width and inner_y < view.frame.height:
        assert (view.frame.image[inner_y, inner_x] == full.image[y, x]).all()
        assert view.frame.depth[inner_y, inner_x] == full.depth[y, x]
    ray = np.array([[0.1, 0.2, 1.0]])
    assert view.frame.camera.project(ray) == pytest.approx(full.camera.project(ray) - np.array(view.box[:2]))
    found = np.zeros((view.frame.height, view.frame.width), np.uint8)
    found[-1, -1] = 2
    restored = view.restored(reply(found))
    assert restored.label_image.shape == (HEIGHT, WIDTH)
    assert restored.label_image[top + view.frame.height - 1, left + view.frame.width - 1] == 2
    assert restored.label_image.sum() == 2
    assert restored.notes == ()


def test_without_gaze_the_full_frame_is_shown_and_the_note_says_so():
    full = frame()
    view = view_around(full, reading((-1, 5), WIDTH, HEIGHT), 1 / 3)
    assert view.frame is full
    image = labels((1, 1, 2, 2))
    restored = view.restored(reply(image))
    assert (restored.label_image == image).all()
    assert restored.notes == ("the gaze (-1, 5) is outside of the 96x72 image; the full frame was used",)
    assert reading(None, WIDTH, HEIGHT).note == "no gaze was given; the full frame was used"


def test_the_last_sample_holds_until_it_is_too_old():
    held = HeldGaze(timeout_s=0.5)
    held.put((10, 20), 1 * SECOND)
    assert held.at(1 * SECOND, WIDTH, HEIGHT).point == (10, 20)
    assert held.at(SECOND * 3 // 2, WIDTH, HEIGHT).point == (10, 20)
    late = held.at(SECOND * 8 // 5, WIDTH, HEIGHT)
    assert late == GazeReading(None, "the gaze is 0.60 s old, the limit is 0.50 s; the full frame was used")


def test_fast_samples_are_kept_as_long_as_frames_are_asked_about():
    held = HeldGaze(timeout_s=0.5)
    for number in range(5000):
        held.put((number % WIDTH, 20), 10 * SECOND + number * SECOND // 1000)
    assert held.at(10 * SECOND, WIDTH, HEIGHT).point == (0, 20)
    assert held.at(9 * SECOND, WIDTH, HEIGHT).note.startswith("the gaze that is kept is newer than the frame")


def test_an_invalid_sample_leaves_the_last_valid_one_and_a_later_one_is_not_used_for_an_earlier_frame():
    held = HeldGaze(timeout_s=0.5)
    assert held.at(0, WIDTH, HEIGHT).note.startswith("no gaze has arrived")
    held.put((math.nan, 1), 0)
    assert held.at(SECOND, WIDTH, HEIGHT).note.startswith("no gaze before the frame lies in the 96x72 image")
    held.put((10, 20), SECOND)
    held.put((500, 20), SECOND + 1000)
    held.put((30, 40), SECOND + 2000)
    assert held.at(SECOND + 1500, WIDTH, HEIGHT).point == (10, 20)
    assert held.at(SECOND + 2000, WIDTH, HEIGHT).point == (30, 40)
