"""Bootstrap intervals: against scipy's, and over images rather than queries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from annexe_ros.core.errors import ParameterError
from annexe_ros.evaluation.intervals import LEVEL, Ratio


def test_the_interval_of_a_mean_is_scipys():
    values = np.random.default_rng(1).normal(3, 2, 60)
    ours = Ratio.of(list(range(60)), values).interval()
    theirs = bootstrap((values,), np.mean, confidence_level=LEVEL, method="percentile", rng=np.random.default_rng(0))
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.06)


def test_queries_of_one_image_are_not_independent():
    images = np.repeat(np.arange(20), 6)
    same = (images % 2).astype(float)
    low, high = Ratio.of(images.tolist(), same).interval()
    as_if_independent = Ratio.of(list(range(120)), same).interval()
    assert high - low > 2 * (as_if_independent[1] - as_if_independent[0])


def test_a_ratio_of_sums_weighs_images_by_size():
    ratio = Ratio.of(["a", "a", "b"], [1, 2, 1], [2, 2, 10])
    assert ratio.value == pytest.approx(4 / 14)
    assert ratio.interval() == pytest.approx((1 / 10, 3 / 4))


def test_a_gain_that_every_image_has_is_sure_though_the_images_differ():
    values = np.random.default_rng(2).normal(3, 2, 40)
    before, after = (Ratio.of(list(range(40)), values + shift) for shift in (0, 0.25))
    assert after.gain(before) == pytest.approx((0.25, 0.25))
    assert np.diff(after.interval()) > 0.5
    assert after.gain(Ratio.of(list(range(40)), values, [0] * 40)) is None


def test_a_gain_of_other_images_is_refused():
    two, three = (Ratio.of(list(range(count)), [1.0] * count) for count in (2, 3))
    with pytest.raises(ParameterError, match="not of 3 and 2"):
        three.gain(two)
    assert three.gain(Ratio.of([], [])) is None


def test_nothing_has_no_figure():
    assert Ratio.of([], []).value is None
    assert Ratio.of([], []).interval() is None
    assert Ratio.of(["a"], [0], [0]).interval() is None


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1)), min_size=1, max_size=40))
def test_an_interval_of_shares_lies_between_0_and_1_and_is_the_same_at_every_call(rows):
    ratio = Ratio.of([image for image, _ in rows], [value for _, value in rows])
    low, high = ratio.interval()
    assert 0 <= low <= high <= 1 + 1e-12
    assert (low, high) == ratio.interval()
