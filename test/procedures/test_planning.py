"""Planning: the metric against values worked out otherwise, and what a predictor may see."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.planning import evaluate as planning
from annexe_ros.procedures.planning.choice import representatives
from annexe_ros.procedures.planning.evaluate import Planner, evaluate_planning
from annexe_ros.procedures.planning.histories import Histories
from annexe_ros.procedures.planning.metric import aued, prefix_distances
from annexe_ros.procedures.planning.predictors import Recall
from annexe_ros.procedures.planning.regression import Regression
from annexe_ros.procedures.planning.rows import Example, Observation, PlanRow, examples, read_plan_rows

STEP = st.integers(0, 4)
SEQUENCE = st.lists(STEP, min_size=8, max_size=8)


def levenshtein(a, b):
    @functools.cache
    def distance(i, j):
        if not i or not j:
            return i + j
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return distance(len(a), len(b))


@given(SEQUENCE, SEQUENCE)
def test_prefix_distances_are_levenshteins(a, b):
    expected = [levenshtein(a[:z], b[:z]) for z in range(1, 9)]
    assert prefix_distances(np.array(a), np.array(b)).tolist() == expected


def test_aued_is_the_published_value():
    samples = np.array([[[3, 3, 5, 5, 1, 2, 2, 7]]])
    assert aued(samples, np.array([[3, 5, 5, 1, 1, 2, 7, 7]])) == pytest.approx(0.383248, abs=1e-6)


@given(st.lists(SEQUENCE, min_size=2, max_size=4), SEQUENCE)
def test_the_best_sample_of_each_length_counts(samples, future):
    def distance(z):
        return min(levenshtein(sample[:z], future[:z]) for sample in samples) / z

    area = sum((distance(z) + distance(z + 1)) / 2 for z in range(1, 8)) / 7
    assert aued(np.array([samples]), np.array([future])) == pytest.approx(area)


def row(video, time, first):
    return PlanRow(video, time, (first, *range(7)))


def test_history_is_the_first_step_of_each_earlier_row_of_the_video():
    rows = [row("a", 1.0, 9), row("b", 0.5, 8), row("a", 2.0, 7), row("a", 3.0, 6)]
    assert [example.observed.history for example in examples(rows)] == [(), (), (9,), (9, 7)]


def test_a_row_that_is_earlier_in_one_order_only_is_not_seen():
    rows = [row("a", 1.0, 9), row("a", 5.0, 8), row("a", 4.0, 7), row("a", 6.0, 6)]
    assert [example.observed.history for example in examples(rows)] == [(), (9,), (9,), (9, 8, 7)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), STEP), min_size=1, max_size=8), st.data())
def test_no_later_row_and_no_own_future_reaches_a_history(raw, data):
    rows = [row(video, float(time), first) for video, time, first in raw]
    here = data.draw(st.integers(0, len(rows) - 1))
    changed = [PlanRow(r.video, r.time, (26,) * 8) if at >= here else r for at, r in enumerate(rows)]
    assert examples(rows)[here].observed == examples(changed)[here].observed


def write(path, rows):
    path.write_text("\n".join(f"{r.video}|{r.time}|{list(r.future)}" for r in rows))
    return path


@pytest.fixture
def lists(tmp_path):
    """Twelve training videos that count up or down from 10, and two test videos of which one is trained on too."""

    def video(name, sign):
        return [PlanRow(name, 10.0 * at + 5, tuple(10 + sign * (at + k) for k in range(8))) for at in range(3)]

    train = [r for number in range(12) for r in video(f"v{number}", 1 if number % 3 else -1)]
    return write(tmp_path / "train.txt", train), write(tmp_path / "test.txt", video("new", -1) + video("v1", 1))


def test_what_is_always_so_is_predicted(lists):
    assert evaluate_planning(*lists) == {"one_minus_aued": pytest.approx(1.0), "n": 6}


@pytest.mark.parametrize("planner", Planner)
def test_the_same_seed_gives_the_same_figure(lists, planner):
    first, again = (evaluate_planning(*lists, planner, seed=3) for _ in range(2))
    assert first == again
    assert 0 < first["one_minus_aued"] <= 1


def test_nothing_of_a_tested_video_is_learnt(lists, monkeypatch):
    learnt = []

    class Deaf(Recall):
        def __init__(self, train):
            learnt.extend(train)
            super().__init__(train)

    monkeypatch.setattr(planning, "Recall", Deaf)
    evaluate_planning(*lists)
    assert {example.observed.video for example in learnt} == {f"v{k}" for k in range(12)} - {"v1"}
    with pytest.raises(DatasetFormatError, match="every video of this training file"):
        evaluate_planning(lists[1], lists[1])


def test_representatives_cover_what_is_likely_and_differ():
    futures = np.array([[1] * 8, [1] * 7 + [2], [5] * 8])
    assert representatives(futures, np.array([0.5, 0.1, 0.4]), 2) == [0, 2]


def observed(*history, time=60.0):
    return Observation("v", time, history)


def test_histories_grow_as_they_would_have_been_read():
    grown = Histories.of([observed(3, 5), observed(7, time=9.0)]).after(np.array([5, 1]))
    read = Histories.of([observed(3, 5, 5, time=90.0), observed(7, 1, time=39.0)])
    assert np.allclose(grown.features(), read.features())
    assert grown.last.tolist() == [[5, 5, 3], [1, 7, 27]]


def test_the_regression_goes_on_from_what_it_has_drawn():
    starts = [example for at in range(10) for example in examples([PlanRow(f"v{at}", 5.0, tuple(range(at, at + 8)))])]
    longer = [Example(Observation("w", 60.0, (at - 1,)), tuple(range(at, at + 8))) for at in range(1, 19)]
    predictor = Regression((starts + longer) * 20)
    futures = predictor.sample(observed(4), 50, np.random.default_rng(0))
    assert np.median(futures, axis=0).tolist() == list(range(5, 13))
    assert predictor.shares(Histories.of([observed(4)])).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("u|1.0", "is not 'uid"),
        ("u|soon|[1, 2, 3, 4, 5, 6, 7, 8]", "soon"),
        ("u|nan|[1, 2, 3, 4, 5, 6, 7, 8]", "not a number of seconds"),
        ("u|1|[1, 2, 3]", "needs 8 steps"),
        ("u|1|[1, 2, 3, 4, 5, 6, 7, 27]", "needs 8 steps"),
        ("u|1|__import__('os')", "not a list"),
    ],
)
def test_a_malformed_row_is_refused_by_line(tmp_path, line, why):
    path = tmp_path / "list.txt"
    path.write_text(f"u|1.0|[0, 1, 2, 3, 4, 5, 6, 26]\r\n{line}\r\n")
    with pytest.raises(DatasetFormatError, match=f"line 2: .*{why}"):
        read_plan_rows(path)
