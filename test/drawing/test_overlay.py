"""Overlays: right size, right places, nothing lost; whatever the image and the masks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annexe_ros.core import NO_TARGET_ANSWER, GroundedObject, Interpretation, role_of
from annexe_ros.core.palette import LEFT_HAND_COLOUR, OBJECT_COLOURS, RIGHT_HAND_COLOUR, target_colours
from annexe_ros.drawing import draw_overlay, draw_targets
from annexe_ros.drawing.labels import Tag, _place
from annexe_ros.drawing.lettering import text_width, wrap

GREY = 120


def reply(labels, *names):
    objects = tuple(GroundedObject(name, value, 0.9, role_of(name)) for value, name in enumerate(names, start=1))
    answer = " and ".join(names) or NO_TARGET_ANSWER
    return Interpretation("A hand holds a mug.", answer, bool(names), 0.9, objects, labels, "e", "m")


def square(height, width, value=1):
    labels = np.zeros((height, width), np.uint8)
    labels[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = value
    return labels


def grey(height, width):
    return np.full((height, width, 3), GREY, np.uint8)


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((160, 120), (480, 360)), ((320, 240), (640, 480)), ((640, 480), (640, 480)), ((1920, 1080), (1920, 1080))],
)
def test_small_images_are_enlarged_and_the_strip_lies_below(size, drawn):
    width, height = size
    picture = draw_overlay(grey(height, width), reply(square(height, width), "mug"), "Segment the mug.")
    assert picture.dtype == np.uint8
    assert picture.shape[1] == drawn[0]
    assert drawn[1] * 1.05 < picture.shape[0] < drawn[1] * 1.4
    assert draw_targets(grey(height, width), reply(square(height, width), "mug")).shape == (drawn[1], drawn[0], 3)


def test_targets_are_tinted_and_the_rest_is_dimmed():
    picture = draw_targets(grey(480, 640), reply(square(480, 640), "mug")).astype(int)
    red, green, blue = picture[170, 250]
    assert green > GREY
    assert green > red + 20 < blue + 60
    assert (picture[470, 5] < GREY).all()
    assert np.ptp(picture[470, 5]) == 0


def test_without_a_target_the_image_stays_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    nothing = reply(np.zeros((480, 640), np.uint8))
    assert np.array_equal(draw_targets(image, nothing), image)
    assert np.array_equal(draw_overlay(image, nothing, "x")[:480], image)
    assert image.flags.writeable
    assert draw_targets(image, nothing) is not image


def test_the_image_given_is_not_drawn_on():
    image = grey(480, 640)
    draw_overlay(image, reply(square(480, 640), "mug"))
    assert (image == GREY).all()


def test_a_query_takes_a_line_and_a_long_one_several():
    heights = [
        draw_overlay(grey(240, 320), reply(square(240, 320), "mug"), query).shape[0]
        for query in ("", "Segment the mug.", "Segment the mug. " * 20)
    ]
    assert heights[0] < heights[1] < heights[2]


def test_colours_tell_targets_apart():
    objects = reply(np.zeros((4, 4), np.uint8), "left hand", "mug", "right hand", "bowl").objects
    assert target_colours(objects) == (LEFT_HAND_COLOUR, OBJECT_COLOURS[0], RIGHT_HAND_COLOUR, OBJECT_COLOURS[1])


def test_tags_keep_clear_of_masks_and_each_other():
    mask = square(480, 640).astype(bool)
    tag, taken = Tag("mug 0.90", (0, 255, 0), mask), mask.astype(np.float32)
    x, y, width, height = _place(tag, taken, 11.0)
    assert not taken[y : y + height, x : x + width].any()
    taken[y : y + height, x : x + width] += 10
    other = _place(tag, taken, 11.0)
    assert not taken[other[1] : other[1] + other[3], other[0] : other[0] + other[2]].any()


def test_lines_are_no_wider_than_told():
    lines = wrap("where in the picture is the object that the left hand is holding " * 3, 300, 11)
    assert all(text_width(line, 11) <= 300 for line in lines)
    assert " ".join(lines).split() == ("where in the picture is the object that the left hand is holding " * 3).split()


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    corner=st.tuples(st.integers(0, 89), st.integers(0, 89)),
    extent=st.integers(1, 90),
    query=st.text(max_size=40),
)
def test_any_size_mask_and_text_can_be_drawn(size, corner, extent, query):
    labels = np.zeros(size, np.uint8)
    labels[corner[0] : corner[0] + extent, corner[1] : corner[1] + extent] = 1
    labels[:1, :1] = 2
    picture = draw_overlay(grey(*size), reply(labels, "trash can", "left hand", "bowl"), query)
    assert picture.shape[1:] == (size[1] * 4, 3)
    assert picture.shape[0] > size[0] * 4


@pytest.mark.parametrize("point", [(30.0, 20.0), (0.0, 0.0), (59.9, 39.9)])
def test_a_ring_shows_where_the_wearer_looks(point):
    plain = reply(square(40, 60))
    picture = draw_overlay(grey(40, 60), replace(plain, gaze=point))
    before = draw_overlay(grey(40, 60), plain)
    factor = picture.shape[1] / 60
    changed = np.argwhere((picture != before).any(axis=2))
    middle = (np.array(point[::-1]) + 0.5) * factor
    assert len(changed) > 50
    assert np.abs(changed - middle).max() < 60


@pytest.mark.parametrize("point", [(-1.0, 5.0), (60.0, 5.0), (float("nan"), 1.0)])
def test_a_gaze_outside_of_the_image_is_not_drawn(point):
    plain = reply(square(40, 60))
    assert (draw_overlay(grey(40, 60), replace(plain, gaze=point)) == draw_overlay(grey(40, 60), plain)).all()
