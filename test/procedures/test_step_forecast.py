"""What comes next: counts with back-off, lead times by what has elapsed, held to values worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.procedures.tracking.forecast import StepForecaster

SEQUENCES = [
    [(1, 4.0), (2, 2.0), (3, 6.0)],
    [(1, 8.0), (2, 2.0), (3, 6.0)],
    [(1, 4.0), (3, 2.0), (2, 6.0)],
]
STEPS = st.lists(st.tuples(st.integers(1, 5), st.floats(0.5, 20)), min_size=1, max_size=8)


def test_what_followed_most_often_comes_first():
    ranked = StepForecaster(SEQUENCES).next_steps([1], 0.0, 3)
    assert [step for step, _, _ in ranked] == [2, 3]


def test_probabilities_are_those_of_witten_and_bell():
    (first, *_), forecaster = StepForecaster(SEQUENCES).next_steps([1], 0.0, 3), StepForecaster(SEQUENCES)
    alone = 3 / 12  # of nine steps and three ends, three are step 2
    assert first[1] == pytest.approx((2 + 2 * alone) / (3 + 2))
    after_two = forecaster.next_steps([1, 2], 0.0, 1)[0]
    backed_off = (2 + 2 * alone) / (3 + 2)  # after step 2: step 3 twice, the end once
    assert after_two[:2] == (3, pytest.approx((2 + 1 * backed_off) / (2 + 1)))


def test_the_lead_time_is_what_was_left_of_steps_that_lasted_as_long():
    forecaster = StepForecaster(SEQUENCES)
    assert forecaster.next_steps([1], 0.0, 1)[0][2] == pytest.approx(6.0)  # 4 and 8 s before step 2
    assert forecaster.next_steps([1], 5.0, 1)[0][2] == pytest.approx(3.0)
    assert forecaster.next_steps([1], 9.0, 1)[0][2] == 0.0


def test_an_unknown_past_backs_off_and_nothing_learned_foresees_nothing():
    assert StepForecaster(SEQUENCES).next_steps([7, 8], 0.0, 5)[0][0] in (1, 2, 3)
    assert StepForecaster([]).next_steps([1], 0.0, 5) == []


@given(st.lists(STEPS, min_size=1, max_size=5), st.lists(st.integers(1, 6), max_size=4), st.floats(0, 30))
def test_candidates_are_probable_in_order_and_never_the_present_step(sequences, history, elapsed):
    ranked = StepForecaster(sequences).next_steps(history, elapsed, 10)
    shares = [share for _, share, _ in ranked]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-9
    assert all(share > 0 and lead >= 0 for _, share, lead in ranked)
    assert not history or history[-1] not in [step for step, _, _ in ranked]
