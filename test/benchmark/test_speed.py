"""Pairs, ratios and sameness of replies, with answerers that only let a clock go on."""

import numpy as np
import pytest

from annexe_ros.benchmark.pairs import Pair, median_speedup, paired
from annexe_ros.benchmark.speed import compare, differences, overlap
from annexe_ros.benchmark.views import QUESTIONS, fresh, queries, scaled, views
from annexe_ros.core import GroundedObject, Interpretation, Query, Role, StageLatency


def reply(answer="mug", mask=None, latencies=()):
    mask = np.ones((4, 6), np.uint8) if mask is None else mask
    target = GroundedObject("mug", 1, 0.9, Role.OBJECT)
    return Interpretation("a hand holds a mug", answer, True, 0.9, (target,), mask, "double", "none", latencies)


class Waiting:
    """Answers each query after a time that depends on whether it knows the frame."""

    def __init__(self, clock, first_s, again_s):
        self.clock, self.first_s, self.again_s, self.frame = clock, first_s, again_s, None

    def interpret(self, frame, query):
        self.clock.now_s += self.again_s if frame is self.frame else self.first_s
        self.frame = frame
        return reply(latencies=(StageLatency("encode", 7.0),))


def test_a_speedup_is_the_median_of_ratios():
    pairs = [Pair(40.0, 10.0), Pair(30.0, 10.0), Pair(900.0, 10.0)]
    assert median_speedup(pairs) == 4.0


def test_pairs_take_turns_in_who_comes_first():
    order = []
    paired(lambda: order.append("plain"), lambda: order.append("ours"), 3)
    assert order == ["plain", "ours", "ours", "plain", "plain", "ours"]


def test_first_and_second_queries_are_told_apart(clock):
    images = views(4, size=(64, 48))
    found = compare(Waiting(clock, 0.02, 0.02), Waiting(clock, 0.01, 0.001), images, queries())
    assert len(found.first) == len(found.follow_up) == 4
    assert found.follow_up_speedup == pytest.approx(20)
    assert found.first_query_speedup == pytest.approx(2)
    assert found.differences == []
    assert found.stages_ms() == {"encode": 7.0}


def test_a_changed_text_is_told():
    assert differences(reply("mug"), reply("kettle")) == ["answer: 'mug' became 'kettle'"]


def test_a_mask_that_lies_elsewhere_is_told():
    half = np.zeros((4, 6), np.uint8)
    half[:, :3] = 1
    assert differences(reply(), reply(mask=half)) == ["mug: masks overlap by 0.5000"]


def test_two_empty_masks_are_the_same():
    empty = np.zeros((3, 3), bool)
    assert overlap(empty, empty) == 1.0


@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_a_view_has_the_size_asked_for(size):
    image = scaled(np.zeros((240, 320, 3), np.uint8), size)
    assert image.shape == (size[1], size[0], 3)
    assert fresh(image) is not fresh(image)


def test_questions_want_no_place_in_space():
    assert [query.text for query in queries()] == list(QUESTIONS)
    assert not any(query.want_3d for query in queries())
    assert all(isinstance(query, Query) for query in queries())
