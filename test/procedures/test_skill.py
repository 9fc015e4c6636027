"""Skill: the pair lists, and what Bradley-Terry makes of them."""

import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.skill.bradley_terry import BradleyTerry
from annexe_ros.procedures.skill.evaluate import PairSplit, Ranker, evaluate_skill, pair_accuracy
from annexe_ros.procedures.skill.pairs import Clip, Pair, clip_disjoint, read_pairs


def clip(video, first=0, last=100, action="13"):
    return Clip(action, video, first, last)


def test_two_clips_have_the_textbook_strengths():
    # a beat b 3 times of 4: with a prior of variance 1 on both, d = s(a) - s(b) solves 3 - 4 sigmoid(d) = d / 2.
    model = BradleyTerry([Pair(clip("a"), clip("b"))] * 3 + [Pair(clip("b"), clip("a"))], shared=False)
    a, b = model.scores([clip("a"), clip("b")])
    assert 3 - 4 / (1 + np.exp(b - a)) == pytest.approx((a - b) / 2, abs=1e-4)
    assert a == pytest.approx(-b, abs=1e-6)


def test_what_is_learnt_of_a_performer_carries_over_to_an_unseen_clip():
    train = [Pair(clip("good", at), clip("poor", at)) for at in range(5)]
    unseen = [clip("good", 50, 150), clip("poor", 50, 150)]
    good, poor = BradleyTerry(train).scores(unseen)
    assert good > poor
    assert BradleyTerry(train, shared=False).scores(unseen).tolist() == [0, 0]


def test_a_tie_is_wrong():
    assert pair_accuracy([1.0, 2.0, 0.5, 3.0], [0.0, 2.0, 1.0, 1.0]) == 0.5


def test_clip_disjoint_pairs_share_no_clip_with_training():
    train = [Pair(clip("a"), clip("b"))]
    fresh = Pair(clip("c"), clip("a", 5))
    assert clip_disjoint(train, [Pair(clip("a"), clip("c")), Pair(clip("d"), clip("b")), fresh]) == [fresh]


def write(path, pairs):
    path.write_text("\n".join(f"{pair.better.name} {pair.worse.name}" for pair in pairs))
    return path


def test_evaluation_from_files(tmp_path):
    train = write(tmp_path / "train", [Pair(clip("good", at), clip("poor", at)) for at in range(5)])
    test = write(tmp_path / "test", [Pair(clip("good", 0), clip("poor", 3)), Pair(clip("good", 9), clip("poor", 8))])
    assert evaluate_skill(train, test) == {"pair_accuracy": 1.0, "n": 2}
    assert evaluate_skill(train, test, Ranker.CLIPS) == {"pair_accuracy": 0.5, "n": 2}
    assert evaluate_skill(train, test, split=PairSplit.CLIP_DISJOINT) == {"pair_accuracy": 1.0, "n": 1}
    with pytest.raises(DatasetFormatError, match="every pair has a clip"):
        evaluate_skill(train, train, split=PairSplit.CLIP_DISJOINT)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("13_a_0_9", "two names"),
        ("13_a_0_9 13_b_0_x", "is not '<action>"),
        ("99_a_0_9 99_b_0_9", "unknown action '99'"),
        ("13_a_9_9 13_b_0_9", "ends before"),
        ("13_a_0_9 14_b_0_9", "one action"),
        ("13_a_0_9 13_a_0_9", "two different clips"),
    ],
)
def test_a_malformed_pair_is_refused_by_line(tmp_path, line, why):
    path = tmp_path / "pairs.txt"
    path.write_text(f"13_a_0_9 13_b_0_9\n{line}\n")
    with pytest.raises(DatasetFormatError, match=f"line 2: .*{why}"):
        read_pairs(path)
