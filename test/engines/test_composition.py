"""From what was said to targets: left and right, names asked for by side, overlapping masks, contact."""

from __future__ import annotations

import json

import numpy as np
import pytest
from planted_replies import FRAME, reply

from annexe_ros.core import Hands, Query, Role
from annexe_ros.core.interpreter import Progress
from annexe_ros.inference.vlm_sam.composition import compose, named
from annexe_ros.inference.vlm_sam.grounding import BoxGrounder, Grounded, filled
from annexe_ros.inference.vlm_sam.reply import Agreement, read_reply

pytestmark = pytest.mark.engines
LEFT, RIGHT, MUG = [0, 500, 400, 1000], [600, 500, 1000, 1000], [400, 300, 650, 700]
"""Boxes in thousandths: two forearms from below, and something between them that the right one meets."""


class Outlines(BoxGrounder):
    """A grounder whose masks can be trusted: here, boxes are what is meant."""

    exact = True


class Blind(BoxGrounder):
    """A grounder that finds nothing."""

    def ground(self, frame, targets, check):
        return [Grounded(np.zeros(frame.image.shape[:2], dtype=bool), 0.0) for _ in targets]


def composed(text, query="What is there?", grounder=None, **options):
    read = read_reply(text, Agreement((1000.0, 1000.0), (FRAME.width, FRAME.height)))
    return compose(FRAME, Query(query), read, grounder or Outlines(), Progress().check, **options)


def labels(scene):
    return [target.label for target in scene.objects]


def test_a_hand_that_was_called_by_the_wrong_name_is_renamed():
    scene = composed(reply(("left hand", RIGHT)))
    assert labels(scene) == ["right hand"]
    assert scene.notes == ("by its shape, what the language model called the left hand is the right hand",)


def test_two_hands_of_one_name_are_one_of_each():
    assert labels(composed(reply(("right hand", LEFT), ("right hand", RIGHT)))) == ["left hand", "right hand"]


@pytest.mark.parametrize(("grounder", "hand_side"), [(BoxGrounder(), True), (Outlines(), False)])
def test_without_outlines_or_when_told_so_the_word_counts(grounder, hand_side):
    assert labels(composed(reply(("left hand", RIGHT)), grounder=grounder, hand_side=hand_side)) == ["left hand"]


def test_who_asks_for_a_side_gets_that_hand_wherever_the_box_was_drawn():
    said = reply(("left hand", RIGHT), hands=(("left", RIGHT), ("right", LEFT)))
    scene = composed(said, "Segment the left hand.")
    assert labels(scene) == ["left hand"]
    assert np.array_equal(scene.label_image > 0, filled((0, 60, 64, 120), FRAME))


def test_who_asks_for_a_side_that_is_not_in_view_gets_no_target():
    scene = composed(reply(("left hand", RIGHT)), "Segment the left hand.")
    assert not scene.objects
    assert not scene.label_image.any()


def test_a_hand_that_was_drawn_twice_is_one():
    said = reply(("right hand", RIGHT), hands=(("right", [610, 500, 1000, 1000]), ("left", LEFT)))
    assert labels(composed(said)) == ["right hand"]


def test_hands_win_where_masks_overlap_and_then_what_is_smaller():
    scene = composed(reply(("table", [0, 0, 1000, 1000]), ("mug", MUG), ("right hand", RIGHT)))
    values = {target.label: target.mask_value for target in scene.objects}
    assert scene.label_image[100, 150] == scene.label_image[62, 100] == values["right hand"]
    assert scene.label_image[50, 80] == values["mug"]
    assert scene.label_image[5, 5] == values["table"]


def test_hands_that_were_not_asked_for_tell_who_touches():
    scene = composed(reply(("mug", MUG), hands=(("left", LEFT), ("right", RIGHT))))
    (mug,) = scene.objects
    assert (mug.role, mug.active, mug.touched_by) == (Role.OBJECT, True, Hands.LEFT | Hands.RIGHT)
    far = [400, 0, 500, 200]
    (lamp,) = composed(reply(("lamp", far), hands=(("right", RIGHT),))).objects
    assert (lamp.active, lamp.touched_by) == (False, Hands.NONE)


def test_what_has_no_pixel_keeps_its_name_without_a_score():
    scene = composed(reply(("mug", MUG)), grounder=Blind())
    (mug,) = scene.objects
    assert (mug.label, mug.mask_value, mug.score) == ("mug", 0, 0.0)
    assert scene.notes == ("no pixel of 'mug' was found",)


def test_names_alone():
    read = read_reply(
        json.dumps({"answer": "", "targets": [{"label": "mug", "box": MUG}] * 2, "hands": []}),
        Agreement((1000.0, 1000.0), (160, 120)),
    )
    scene = named(FRAME, read)
    assert labels(scene) == ["mug"]
    assert not scene.label_image.any()
