"""Left and right from shapes: where the arm comes in, where the hand lies, where its thumb is; and against a word."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Hands
from annexe_ros.inference.vlm_sam.hand_side import right_log_odds, sides_from, sides_of

pytestmark = pytest.mark.engines
LEFT, RIGHT = Hands.LEFT, Hands.RIGHT
HEIGHT, WIDTH = 240, 320


def forearm(start, end, thickness=40):
    """Return the mask (HEIGHT, WIDTH) of an arm between two points (x, y)."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.line(image, start, end, 1, thickness)
    return image.astype(bool)


def hand_with_thumb_on_the_left():
    """Return a hand that reaches up from the middle of the lower border."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(image, (140, 100), (179, HEIGHT - 1), 1, -1)
    cv2.line(image, (140, 190), (100, 130), 1, 14)
    return image.astype(bool)


PLACES = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))


@given(start=PLACES, end=PLACES, thickness=st.integers(3, 80))
def test_a_mirror_exchanges_the_sides(start, end, thickness):
    mask = forearm(start, end, thickness)
    assert right_log_odds(mask[:, ::-1]) == pytest.approx(-right_log_odds(mask), abs=0.15)


@pytest.mark.parametrize(
    ("start", "end", "side"),
    [
        ((290, 239), (200, 120), RIGHT),  # from below right
        ((319, 150), (150, 110), RIGHT),  # from the right, across the middle
        ((30, 239), (120, 120), LEFT),
        ((0, 150), (170, 110), LEFT),
        ((250, 200), (220, 120), RIGHT),  # the sleeve covers where it comes in
    ],
)
def test_an_arm_comes_in_on_its_own_side(start, end, side):
    assert sides_of([forearm(start, end)], [Hands.LEFT ^ Hands.RIGHT ^ side]) == [side]


def test_a_thumb_on_the_left_speaks_for_a_right_hand(monkeypatch):
    hand = hand_with_thumb_on_the_left()
    with_thumb = np.array([right_log_odds(mask) for mask in (hand, hand[:, ::-1], hand | hand[:, ::-1])])
    monkeypatch.setattr("annexe_ros.inference.vlm_sam.hand_side.THUMB_WEIGHT", 0.0)
    without = np.array([right_log_odds(mask) for mask in (hand, hand[:, ::-1], hand | hand[:, ::-1])])
    right, left, neither = with_thumb - without
    assert right == pytest.approx(-left, abs=0.01)
    assert right > 0.03
    assert neither == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize(("border", "side"), [((0, 200), LEFT), ((319, 200), RIGHT), ((60, 239), LEFT)])
def test_where_the_arm_comes_in_under_its_sleeve_decides(border, side):
    hand = forearm((150, 110), (170, 110), 30)
    wrong = LEFT ^ RIGHT ^ side
    assert sides_of([hand], [wrong]) == [wrong]
    assert sides_of([hand], [wrong], [forearm(border, (160, 110), 30) & ~hand]) == [side]
    assert sides_of([hand], [wrong], [None]) == [wrong]


def test_nothing_is_told_by_no_pixel_or_by_all():
    assert right_log_odds(np.zeros((9, 16), bool)) == 0.0
    assert right_log_odds(np.ones((9, 16), bool)) == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(right_log_odds(np.eye(1, dtype=bool)))


@pytest.mark.parametrize("said", [(LEFT, LEFT), (RIGHT, RIGHT), (LEFT, RIGHT), (RIGHT, LEFT)])
def test_two_hands_are_one_of_each_whatever_was_said(said):
    masks = [forearm((30, 239), (120, 120)), forearm((290, 239), (200, 120))]
    assert sides_of(masks, said) == [LEFT, RIGHT]
    assert sides_of(masks[::-1], said) == [RIGHT, LEFT]


def test_crossed_arms_are_told_by_where_they_come_in():
    crossed = [forearm((60, 239), (190, 130), 30), forearm((260, 239), (130, 130), 30)]
    assert sides_of(crossed, [LEFT, LEFT]) == [LEFT, RIGHT]


@given(odds=st.lists(st.floats(-9, 9), max_size=4), word=st.sampled_from([LEFT, RIGHT]))
def test_each_hand_gets_one_side(odds, word):
    sides = sides_from(odds, [word] * len(odds))
    assert set(sides) <= {LEFT, RIGHT}
    assert len(sides) == len(odds)


@pytest.mark.parametrize("odds", [[0.0], [0.0, 0.0], [0.0, 0.0, 0.0]])
def test_where_shapes_tell_nothing_the_word_counts(odds):
    assert sides_from(odds, [RIGHT] * len(odds)) == [RIGHT] * len(odds)
    assert sides_from(odds, [LEFT] * len(odds)) == [LEFT] * len(odds)


def test_a_clear_shape_outweighs_a_word_and_a_vague_one_does_not():
    assert sides_from([2.0], [LEFT]) == [RIGHT]
    assert sides_from([0.5], [LEFT]) == [LEFT]
