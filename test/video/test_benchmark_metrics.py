"""Every metric against values worked out by hand or from the published code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.video.benchmarks import metrics

SIMILARITY = np.array([[0.9, 0.1, 0.95], [0.2, 0.8, 0.7], [0.3, 0.6, 0.65], [0.1, 0.2, 0.9]])
RELEVANCY = np.array([[1, 0, 0.5], [0, 1, 0], [0.5, 1, 0], [0, 0, 1]])


def unit(*rows):
    rows = np.array(rows, dtype=float)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_average_precision_as_published():
    assert metrics.mean_average_precision(SIMILARITY, RELEVANCY) == pytest.approx(0.8125)
    assert metrics.mean_average_precision(SIMILARITY.T, RELEVANCY.T) == pytest.approx(0.916667, abs=1e-6)


def test_strict_average_precision_is_the_binary_one():
    assert metrics.mean_average_precision(SIMILARITY, RELEVANCY, strict=True) == pytest.approx(0.75)
    assert metrics.mean_average_precision(SIMILARITY.T, RELEVANCY.T, strict=True) == pytest.approx(0.833333, abs=1e-6)


def test_discounted_gain_as_published():
    assert metrics.mean_ndcg(SIMILARITY, RELEVANCY) == pytest.approx(0.834836, abs=1e-6)
    assert metrics.mean_ndcg(SIMILARITY.T, RELEVANCY.T) == pytest.approx(0.953240, abs=1e-6)


def test_retrieval_reports_each_way_and_the_mean():
    found = metrics.retrieval(SIMILARITY, RELEVANCY)
    assert found["map"] == pytest.approx((0.8125 + 0.9166667) / 2)
    assert found["ndcg"] == pytest.approx((found["ndcg_v2t"] + found["ndcg_t2v"]) / 2)


@given(st.integers(0, 2**31))
def test_a_perfect_ranking_is_perfect(seed):
    relevancy = np.random.default_rng(seed).choice([0, 0.5, 1], size=(5, 6))
    relevancy[:, 0] = 1
    assert metrics.mean_ndcg(relevancy, relevancy) == pytest.approx(1)
    assert metrics.mean_average_precision(relevancy, relevancy, strict=True) == pytest.approx(1)


def test_relevancy_is_the_mean_overlap_of_verbs_and_nouns():
    found = metrics.class_relevancy([(1,), (2,)], [(5, 6), (7,)], [(1,), (2,)], [(5,), (8,)])
    assert found == pytest.approx(np.array([[0.75, 0], [0, 0.5]]))


def test_a_caption_has_to_beat_all_its_negatives():
    video = unit([1, 0], [1, 0], [1, 0])
    captions = unit([1, 0.1], [1, 0.5], [1, 0.5])
    verbs = unit([[1, 1], [0, 1]], [[1, 1], [1, 0.9]], [[1, 0], [0, 1]])
    nouns = unit([[1, 1], [0, 1]], [[1, 0.1], [0, 1]], [[1, 1], [0, 1]])
    found = metrics.hoi_accuracy(video, captions, verbs, nouns)
    assert found == pytest.approx({"verb": 2 / 3, "noun": 2 / 3, "action": 1 / 3})


def test_a_constant_model_scores_nothing():
    same = unit([1, 0], [1, 0])
    many = np.repeat(same[:, None], 10, axis=1)
    assert metrics.hoi_accuracy(same, same, many, many) == {"verb": 0, "noun": 0, "action": 0}
    assert metrics.choice_accuracy(np.ones((2, 5)), [0, 0]) == 0
    assert metrics.top_k(np.ones((2, 5)), [0, 0], 1) == 0


def test_choices_are_right_when_strictly_best():
    assert metrics.choice_accuracy(np.array([[0.1, 0.9], [0.4, 0.3]]), [1, 1]) == 0.5


def test_top_k_and_the_mean_over_classes():
    similarity = np.array([[0.9, 0.5, 0.1], [0.2, 0.1, 0.3], [0.1, 0.8, 0.2], [0.3, 0.2, 0.1]])
    classes = [0, 0, 1, 2]
    assert metrics.top_k(similarity, classes, 1) == pytest.approx(2 / 4)
    assert metrics.top_k(similarity, classes, 2) == pytest.approx(3 / 4)
    assert metrics.mean_per_class(similarity, classes) == pytest.approx((0.5 + 1 + 0) / 3)


def test_a_class_points_where_its_narrations_point_on_average():
    found = metrics.class_vectors([unit([1, 0], [0, 1]), unit([1, 0])])
    assert found == pytest.approx(unit([1, 1], [1, 0]))
