"""Findings of hands and objects, on masks whose IoU can be counted by hand."""

import numpy as np

from annexe_ros.evaluation.interaction import Findings, findings


def strip(start, stop):
    mask = np.zeros((1, 100), dtype=bool)
    mask[:, start:stop] = True
    return mask


def test_a_hand_needs_its_side_and_a_mask_that_fits():
    true = [("left hand", strip(0, 10)), ("right hand", strip(50, 60))]
    fits, slides = strip(50, 57), strip(45, 52)  # IoU .7 and 2 / 15
    assert findings([("right hand", fits)], true) == Findings(2, 1, 0, 0, 0)
    assert findings([("right hand", slides)], true) == Findings(2, 0, 0, 0, 0)
    assert findings([("left hand", fits)], true) == Findings(2, 0, 0, 0, 0)


def test_an_invented_hand_is_counted_once():
    reply = [("left hand", strip(0, 10)), ("left hand", strip(20, 30)), ("mug", strip(30, 40))]
    assert findings(reply, []) == Findings(0, 0, 1, 0, 0)
    assert findings(reply, [("left hand", strip(0, 10))]) == Findings(1, 1, 0, 0, 0)


def test_an_object_may_have_another_name_but_not_be_a_hand():
    true = [("laptop", strip(0, 10)), ("mug", strip(50, 60))]
    assert findings([("storage furniture", strip(0, 20))], true) == Findings(0, 0, 0, 2, 1)
    assert findings([("left hand", strip(0, 10))], true) == Findings(0, 0, 1, 2, 0)
    assert findings([("mug", strip(54, 70))], true) == Findings(0, 0, 0, 2, 0)  # IoU .3
