from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import GroundedObject, Interpretation, role_of
from annexe_ros.core.tracking import MAX_AGE_S, Tracker

SHAPE = (60, 80)
SECOND = 1_000_000_000
MUG, HAND, BOWL = ("mug", 10, 10), ("right hand", 40, 10), ("bowl", 10, 35)


def reply(*items: tuple[str, int, int], shape: tuple[int, int] = SHAPE, side: int = 20) -> Interpretation:
    """Return squares, each a label with its left and top."""
    labels = np.zeros(shape, np.uint8)
    for value, (_, left, top) in enumerate(items, start=1):
        labels[top : top + side, left : left + side] = value
    objects = [GroundedObject(label, value, 1.0, role_of(label)) for value, (label, _, _) in enumerate(items, start=1)]
    return Interpretation("", "", True, 1.0, tuple(objects), labels, "test", "test")


def numbers(tracked: Interpretation) -> list[int]:
    return [target.track_id for target in tracked.objects]


def moved(item: tuple[str, int, int], by: int) -> tuple[str, int, int]:
    return item[0], item[1] + by, item[2]


def test_objects_are_numbered_from_one_and_keep_their_numbers_in_any_order():
    tracker = Tracker()
    assert numbers(tracker.update(reply(MUG, HAND), SECOND)) == [1, 2]
    assert numbers(tracker.update(reply(BOWL, HAND, MUG), 2 * SECOND)) == [3, 2, 1]


def test_an_object_that_moves_bit_by_bit_keeps_its_number():
    tracker = Tracker()
    seen = [numbers(tracker.update(reply(moved(MUG, 6 * step)), step * SECOND)) for step in range(8)]
    assert seen == [[1]] * 8


@pytest.mark.parametrize(("by", "kept"), [(16, True), (17, False)])
def test_the_gate_of_the_same_label_in_the_next_image(by: int, kept: bool):
    """Squares of 20 pixels: 16 pixels apart they share 80 of 720, 17 apart 60 of 740."""
    tracker = Tracker()
    tracker.update(reply(MUG), SECOND)
    assert numbers(tracker.update(reply(moved(MUG, by)), SECOND + SECOND // 30)) == [1 if kept else 2]


@pytest.mark.parametrize(("by", "kept"), [(21, True), (22, False)])
def test_the_gate_of_the_same_label_after_a_while(by: int, kept: bool):
    """Grown to 40 pixels, squares share 760 of 2440 when they are 21 apart, 720 of 2480 when 22."""
    tracker = Tracker()
    tracker.update(reply(MUG), SECOND)
    assert numbers(tracker.update(reply(moved(MUG, by)), 2 * SECOND)) == [1 if kept else 2]


@pytest.mark.parametrize(("by", "kept"), [(6, True), (7, False)])
@pytest.mark.parametrize("later_ns", [SECOND // 30, SECOND])
def test_the_gate_of_another_name_for_the_same_pixels(by: int, kept: bool, later_ns: int):
    tracker = Tracker()
    tracker.update(reply(MUG), SECOND)
    assert numbers(tracker.update(reply(moved(("bowl", 10, 10), by)), SECOND + later_ns)) == [1 if kept else 2]


def test_the_neighbour_of_the_same_kind_is_another_object():
    """Asked for one after the other: they never stand in one answer."""
    tracker = Tracker()
    tracker.update(reply(MUG), SECOND)
    assert numbers(tracker.update(reply(moved(MUG, 22)), 3 * SECOND)) == [2]
    assert numbers(tracker.update(reply(MUG), 5 * SECOND)) == [1]


@pytest.mark.parametrize("label", ["right hand", "left hand"])
def test_a_hand_is_never_taken_for_something_else(label: str):
    tracker = Tracker()
    tracker.update(reply(MUG, ("right hand" if label == "left hand" else "left hand", 40, 10)), SECOND)
    assert numbers(tracker.update(reply((label, 10, 10), (label, 40, 10)), 2 * SECOND)) == [3, 4]


def test_two_of_a_kind_are_assigned_together():
    """The left one comes nearer to the right one's place than the right one is; greedily it would take its number."""
    tracker = Tracker()
    tracker.update(reply(("mug", 0, 0), ("mug", 22, 0)), SECOND)
    assert numbers(tracker.update(reply(("mug", 12, 0), ("mug", 36, 0)), SECOND + SECOND // 30)) == [1, 2]


def test_a_track_survives_what_is_not_asked_for_until_its_age():
    tracker = Tracker()
    tracker.update(reply(MUG), 0)
    for step in range(1, 40):
        tracker.update(reply(HAND), round(step * MAX_AGE_S / 40 * SECOND))
    assert numbers(tracker.update(reply(MUG), round(MAX_AGE_S * SECOND))) == [1]
    assert numbers(tracker.update(reply(MUG), round((2 * MAX_AGE_S + 0.01) * SECOND))) == [3]


def test_a_clock_that_jumps_back_begins_anew_but_late_answers_do_not():
    tracker = Tracker()
    tracker.update(reply(MUG), 100 * SECOND)
    assert numbers(tracker.update(reply(MUG), 100 * SECOND - SECOND // 10)) == [1]
    assert numbers(tracker.update(reply(MUG), 50 * SECOND)) == [2]
    assert numbers(tracker.update(reply(MUG), 51 * SECOND)) == [2]


def test_another_image_size_begins_anew():
    tracker = Tracker()
    tracker.update(reply(MUG), SECOND)
    assert numbers(tracker.update(reply(MUG, shape=(80, 60)), SECOND)) == [2]


def test_what_has_no_pixels_has_no_number():
    tracker = Tracker()
    ungrounded = reply(MUG, HAND)
    mug, hand = ungrounded.objects
    ungrounded = replace(ungrounded, objects=(replace(mug, mask_value=0), replace(hand, mask_value=9)))
    assert numbers(tracker.update(ungrounded, SECOND)) == [0, 0]
    assert numbers(tracker.update(reply(MUG), SECOND)) == [1]


items = st.tuples(st.sampled_from(["mug", "bowl", "left hand", "right hand"]), st.integers(0, 60), st.integers(0, 40))
frames = st.lists(st.tuples(st.lists(items, max_size=5), st.integers(0, 20 * SECOND)), min_size=2, max_size=8)


@given(frames)
def test_whatever_comes_numbers_are_distinct_and_new_ones_are_larger_than_all_before(frames):
    tracker, known = Tracker(), {0}
    for number, (objects, stamp_ns) in enumerate(frames):
        given_reply = reply(*objects)
        tracked = tracker.update(given_reply, stamp_ns)
        found = [target.track_id for target in tracked.objects if target.track_id]
        assert len(found) == len(set(found)), number
        assert all((target.track_id > 0) == bool(tracked.mask(target).any()) for target in tracked.objects)
        assert all(new > max(known) for new in set(found) - known)
        known |= set(found)


@given(frames)
def test_the_same_frame_twice_has_the_same_numbers(frames):
    tracker = Tracker()
    for objects, stamp_ns in frames:
        first, second = (tracker.update(reply(*objects), stamp_ns) for _ in range(2))
        assert [numbers(first), numbers(second)] == [numbers(first)] * 2


def test_numbers_rise_over_a_loop_of_the_clock():
    tracker = Tracker()
    loops = [numbers(tracker.update(reply(MUG, HAND), stamp * SECOND)) for _ in range(3) for stamp in (10, 11)]
    assert loops[::2] == loops[1::2] == [[1, 2], [3, 4], [5, 6]]
    assert all(max(earlier) < min(later) for earlier, later in pairwise(loops[::2]))
