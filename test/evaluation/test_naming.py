"""Shares of instances named right, counted by hand on small mask images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.data.ego_irgbench import EgoIrgBench, Record
from annexe_ros.evaluation.naming import NamedInstance, by_area, named_instances, shares

RECORDS = (Record("c", "mug and bowl", ("mug", "bowl"), (2, 5), True, ("which?",)),)


def instance(label, named, area=1.0, touched=False, image="a"):
    return NamedInstance(image, label, named, area, touched)


def test_instances_of_a_generated_scene_know_who_touches_them(rectangle_dataset):
    truth = EgoIrgBench(rectangle_dataset).truth("train_0")
    mask = np.zeros((10, 20), np.uint8)
    mask[:2, :5], mask[5:, :4] = 1, 2  # the knife, 3, is out of view
    found = named_instances("a", mask, RECORDS, truth, {1: "left hand", 2: "mug", 3: "knife"})
    assert found == (instance("right hand", "left hand", 5.0), instance("mug", "mug", 10.0, touched=True))


def test_without_truth_the_answers_tell_the_names():
    mask = np.array([[2, 2, 5, 0], [7, 0, 0, 0]], np.uint8)  # nobody names 7
    found = named_instances("a", mask, RECORDS, None, {2: "mug", 7: "mug"})
    assert found == (instance("mug", "mug", 25.0, None), instance("bowl", None, 12.5, None))
    assert shares(found)["touched"].value is None


def test_shares_are_of_instances_and_intervals_of_images():
    found = [
        instance("left hand", "right hand"),
        instance("mug", "mug", touched=True),
        instance("knife", "mug", touched=True, image="b"),
        instance("bowl", "bowl", image="b"),
        instance("chair", "chair", image="b"),
    ]
    of = shares(found)
    assert {name: ratio.value for name, ratio in of.items()} == {
        "all": 0.6, "hands": 0.0, "objects": 0.75, "touched": 0.5,
    }  # fmt: skip
    assert of["all"].denominators.tolist() == [2, 3]


def test_classes_of_size_leave_hands_out():
    found = [
        instance("knife", None, 0.1),
        instance("knife", "knife", 0.11),
        instance("mug", "bowl", 0.25),
        instance("chair", "chair", 100.0),
        instance("left hand", "left hand", 100.0),
    ]
    assert by_area(found) == {
        "0 to 0.1 %": {"n": 1, "right": 0},
        "0.1 to 0.25 %": {"n": 2, "right": 0.5},
        "2 to 100 %": {"n": 1, "right": 1},
    }


@given(st.lists(st.tuples(st.floats(0, 100, exclude_min=True), st.booleans())))
def test_every_object_is_in_one_class(drawn):
    classes = by_area([instance("mug", "mug" if right else None, area) for area, right in drawn])
    assert sum(of["n"] for of in classes.values()) == len(drawn)
    assert sum(of["n"] * of["right"] for of in classes.values()) == pytest.approx(sum(right for _, right in drawn))
