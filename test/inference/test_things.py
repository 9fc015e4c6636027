"""Pixels of one name are as many things as lie apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.inference.things import MOST_THINGS, told_apart, without_specks

NAMES = ["right hand", "mug", "knife"]
HAND, MUG, KNIFE = 1, 2, 3


def scene(*boxes):
    """Return labels with boxes of (value, left, right), all of the same rows."""
    labels = np.zeros((20, 60), np.uint8)
    for value, left, right in boxes:
        labels[5:15, left:right] = value
    return labels


def test_two_mugs_are_two_things_of_one_name():
    things, names = told_apart(scene((MUG, 2, 12), (KNIFE, 14, 20), (MUG, 30, 40)), NAMES)
    assert names == ["mug", "mug", "knife"]
    assert (things[10, 5], things[10, 35], things[10, 17], things[0, 0]) == (1, 2, 3, 0)


def test_a_seam_of_two_pixels_parts_nothing():
    assert told_apart(scene((MUG, 2, 12), (MUG, 14, 20)), NAMES)[1] == ["mug"]
    assert told_apart(scene((MUG, 2, 12), (MUG, 15, 20)), NAMES)[1] == ["mug", "mug"]


def test_what_a_hand_holds_is_one_thing_on_both_sides_of_the_fingers():
    held = scene((KNIFE, 2, 12), (HAND, 12, 25), (KNIFE, 25, 40))
    things, names = told_apart(held, NAMES)
    assert names == ["right hand", "knife"]
    assert things[10, 5] == things[10, 30]
    assert told_apart(scene((KNIFE, 2, 12), (MUG, 12, 25), (KNIFE, 25, 40)), NAMES)[1] == ["mug", "knife", "knife"]


def test_a_hand_is_one_in_however_many_pieces():
    assert told_apart(scene((HAND, 2, 12), (HAND, 30, 40)), NAMES)[1] == ["right hand"]


def test_specks_are_background():
    things, names = told_apart(scene((MUG, 2, 12), (MUG, 30, 31)), NAMES, least=11)
    assert names == ["mug"]
    assert not things[:, 30].any()
    assert told_apart(scene((MUG, 30, 31)), NAMES, least=11)[1] == []


def test_there_are_no_more_things_than_values():
    dots = np.zeros((100, 100), np.uint8)
    dots[::5, ::5] = MUG
    things, names = told_apart(dots, NAMES)
    assert len(names) == MOST_THINGS
    assert things.max() == MOST_THINGS


@given(st.integers(0, 500), st.floats(0.3, 0.95))
def test_every_thing_has_pixels_of_its_name_and_none_are_lost(seed, emptiness):
    rng = np.random.default_rng(seed)
    labels = (rng.random((9, 12)) > emptiness) * rng.integers(1, 4, (9, 12))
    things, names = told_apart(labels.astype(np.uint8), NAMES)
    assert ((things > 0) == (labels > 0)).all()
    for value, name in enumerate(names, start=1):
        assert set(labels[things == value]) == {NAMES.index(name) + 1}


def test_what_is_small_beside_its_thing_and_lies_apart_is_background():
    labels = scene((MUG, 2, 22), (MUG, 30, 31))
    kept = without_specks(labels, NAMES)
    assert np.array_equal(kept, scene((MUG, 2, 22)))
    assert labels[10, 30] == MUG  # what it was given stays as it is


def test_a_second_piece_of_some_size_stays():
    labels = scene((HAND, 2, 12), (HAND, 20, 22), (MUG, 30, 40), (MUG, 50, 52))
    assert np.array_equal(without_specks(labels, NAMES), labels)


def test_a_bit_of_what_is_held_behind_the_fingers_stays():
    held = scene((KNIFE, 2, 32), (HAND, 32, 42), (KNIFE, 42, 43))
    assert np.array_equal(without_specks(held, NAMES), held)
    apart = scene((KNIFE, 2, 32), (MUG, 32, 42), (KNIFE, 42, 43))
    assert np.array_equal(without_specks(apart, NAMES), scene((KNIFE, 2, 32), (MUG, 32, 42)))


@given(st.integers(0, 500), st.floats(0.3, 0.95))
def test_no_value_is_lost_and_none_is_invented_with_the_specks(seed, emptiness):
    rng = np.random.default_rng(seed)
    labels = ((rng.random((9, 12)) > emptiness) * rng.integers(1, 4, (9, 12))).astype(np.uint8)
    kept = without_specks(labels, NAMES)
    assert set(np.unique(kept)) - {0} == set(np.unique(labels)) - {0}
    assert ((kept == labels) | (kept == 0)).all()
