"""Narrations by rules: directions, contact and relations of tracks whose motion is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.video.hand_object_dynamics import HandTrack, describe, direction, movements


def boxes(*centres, size=0.1):
    centres = np.array(centres, dtype=float)
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


def line(start, end, frames=16):
    return [np.array(start) + (np.array(end) - start) * k / (frames - 1) for k in range(frames)]


@pytest.mark.parametrize(
    ("shift", "word"),
    [((0.2, 0.1), "right"), ((-0.2, 0.1), "left"), ((0, -0.2), "up"), ((0.1, 0.2), "down"), ((0.04, -0.04), "still")],
)
def test_directions(shift, word):
    assert direction(np.array(shift)) == word


@given(st.floats(-0.04, 0.04), st.floats(-0.04, 0.04))
def test_a_tremble_is_no_movement(across, down):
    assert direction(np.array([across, down])) == "still"


def test_a_way_is_told_in_thirds():
    way = np.array(line((0.2, 0.8), (0.2, 0.2), 6) + line((0.2, 0.2), (0.2, 0.2), 5) + line((0.2, 0.2), (0.8, 0.2), 6))
    assert movements(way) == ["up", "still", "right"]


def test_an_unseen_third_is_left_out():
    way = np.array(line((0.2, 0.8), (0.2, 0.2), 16))
    way[6:] = np.nan
    assert movements(way) == ["up"]


def test_picking_up():
    hand = line((0.8, 0.5), (0.5, 0.5), 8) + line((0.5, 0.5), (0.5, 0.2), 8)
    thing = [(0.5, 0.5)] * 8 + line((0.5, 0.5), (0.5, 0.2), 8)
    track = HandTrack("right", boxes(*hand), np.arange(16) >= 8, "mug", boxes(*thing))
    assert describe([track]) == (
        "The right hand moves to the left and then moves up, takes hold of the mug, which moves up."
    )


def test_letting_go_tells_where_the_hand_ends():
    hand = line((0.5, 0.2), (0.5, 0.5), 8) + line((0.5, 0.5), (0.8, 0.5), 8)
    thing = [*line((0.5, 0.2), (0.5, 0.5), 8), *[(0.5, 0.5)] * 8]
    told = describe([HandTrack("left", boxes(*hand), np.arange(16) < 8, "bowl", boxes(*thing))])
    assert told.endswith("lets go of the bowl, which moves down, and ends to the right of it.")


def test_a_hand_that_touches_nothing_has_no_object():
    still = [(0.5, 0.5)] * 4
    apart = HandTrack("left", boxes(*still), np.zeros(4, bool), "mug", boxes(*[(0.8, 0.5)] * 4))
    assert describe([apart]) == "The left hand keeps still, without touching the mug, and ends to the left of it."


def test_what_is_unseen_went_nowhere():
    hand, thing = boxes(*line((0.2, 0.5), (0.8, 0.5))), boxes(*line((0.5, 0.2), (0.5, 0.8)))
    hand[-2:] = thing[:2] = np.nan
    held = HandTrack("left", hand, np.ones(16, bool), "mug", thing)
    assert describe([held]) == "The left hand moves to the right, holds the mug."
    lets_go = HandTrack("left", hand, np.arange(16) < 8, "mug", thing)
    assert describe([lets_go]) == "The left hand moves to the right, lets go of the mug."
    assert direction(np.array((np.nan, np.nan))) == direction(np.array((0.2, np.nan))) == ""


def test_both_hands_and_none():
    track = HandTrack("left", boxes(*[(0.5, 0.5)] * 4), np.zeros(4, bool))
    unseen = HandTrack("right", np.full((4, 4), np.nan), np.zeros(4, bool))
    assert describe([track, unseen]) == "The left hand keeps still."
    assert describe([unseen]) == describe([]) == "No hand is in view."
