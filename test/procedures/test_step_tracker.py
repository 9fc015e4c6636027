"""The step tracker on generated features: it learns, sees nothing of the future, forgets over pauses, and is kept."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from annexe_ros.core.errors import DatasetFormatError, ModelNotFoundError, ParameterError
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.core.procedure import TimedStep, ViewedWindow
from annexe_ros.procedures.generated import noisy_features, prototypes
from annexe_ros.procedures.segmentation.mstcn import MsTcn
from annexe_ros.procedures.tracking.measuring import followed, measured, places_measured
from annexe_ros.procedures.tracking.tracker import StepTracker, TrackerConfig, TrackerModel
from annexe_ros.procedures.tracking.training import SIZES, Rehearsal, step_names, train_tracker
from annexe_ros.procedures.tracking.windows import EmbeddedWindows

pytestmark = pytest.mark.model

STRIDE_S, STEPS, WIDTH = 0.5, 4, 16
SMALL = replace(SIZES, maps=16, layers=3, epochs=12, dropout=0.1, learning_rate=5e-3)
CLASSES = prototypes(STEPS + 1, WIDTH, np.random.default_rng(0))


def made(seed):
    """Return a recording of steps 1..4 in order, the middle two at times exchanged."""
    rng = np.random.default_rng(seed)
    order = [1, 2, 3, 4] if rng.random() < 0.7 else [1, 3, 2, 4]
    ends = np.cumsum(rng.integers(6, 12, size=STEPS)) * STRIDE_S
    starts = [0.0, *ends[:-1]]
    steps = tuple(TimedStep(s, f"step {s}", a, b) for s, a, b in zip(order, starts, ends, strict=True))
    ends_s = np.arange(1, round(ends[-1] / STRIDE_S) + 1) * STRIDE_S
    one = Rehearsal(f"film {seed}", steps, EmbeddedWindows(ends_s, np.zeros((len(ends_s), WIDTH), np.float32)))
    return replace(one, windows=EmbeddedWindows(ends_s, noisy_features(one.labels, CLASSES, 1.0, rng)))


@pytest.fixture(scope="module")
def model():
    return train_tracker([made(seed) for seed in range(10)], "encoder", 2.0, STRIDE_S, SMALL)


def window(number):
    end_ns = round(number * STRIDE_S * NANOSECONDS)
    return ViewedWindow(end_ns - NANOSECONDS, end_ns, "head")


def test_steps_are_recognised_and_foreseen(model):
    figures = measured(model, [made(100), made(101), made(102)])
    assert figures["accuracy"] >= 0.8 > 0.5 > figures["commonest"] >= 1 / STEPS
    assert figures["next_step"] >= 0.6
    assert figures["n"] > 60


def test_the_place_in_a_demonstration_is_judged_with_and_without_the_recognised_step(model):
    shown, films = made(200), [made(100), made(101)]
    unlike = replace(shown, windows=replace(shown.windows, features=np.ones_like(shown.windows.features)))
    figures = places_measured(model, films, shown)
    assert figures["place"] >= 0.8
    assert figures["place_by_view"] >= 0.6
    blind = places_measured(model, films, unlike)  # views that tell nothing apart leave the step alone
    assert blind["place"] >= 0.7 > blind["place_by_view"]


def test_steps_are_compared_by_name(model):
    film, shown = made(100), made(200)
    numbered = replace(film, steps=tuple(replace(step, step_id=step.step_id + 10) for step in film.steps))
    assert measured(model, [numbered]) == measured(model, [film])
    assert places_measured(model, [numbered], shown) == places_measured(model, [film], shown)
    unknown = replace(film, steps=tuple(replace(step, label="drink", step_id=5) for step in film.steps))
    figures = measured(model, [unknown])
    assert (figures["accuracy"], figures["commonest"], figures["next_step"]) == (0, 1, 0)
    assert places_measured(model, [unknown], shown) == {"place": 0, "place_by_view": 0}


def test_what_is_told_is_consistent(model):
    for _, _, step, forecast in followed(model, made(103)):
        assert step.label == model.config.labels[step.step_id]
        assert 0 < step.score <= 1
        assert step.since_ns <= step.window.end_ns
        assert forecast.after == step
        assert step.step_id not in [candidate.step_id for candidate in forecast.candidates]


def test_nothing_later_is_seen_and_nothing_before_the_memory(model):
    features = made(104).windows.features
    upto = [model.probabilities(features[: k + 1]) for k in range(len(features))]
    changed = features.copy()
    changed[10:] = 0
    assert np.allclose(model.probabilities(changed[:10]), upto[9])
    long = np.concatenate([np.ones((50, WIDTH), np.float32), np.tile(features, (4, 1))])
    assert np.allclose(model.probabilities(long), model.probabilities(long[-(model.memory + 1) :]), atol=1e-5)


def test_a_missing_window_is_bridged_and_a_pause_begins_anew(model):
    features = made(105).windows.features
    bridged, whole = StepTracker(model), StepTracker(model)
    repeated = [*features[:5], features[4], *features[6:9]]
    for number, feature in enumerate(repeated):
        expected = whole.update(feature, window(number))
    for number in (0, 1, 2, 3, 4, 6, 7, 8):
        found = bridged.update(features[number], window(number))
    assert found[0].score == pytest.approx(expected[0].score)
    fresh = StepTracker(model).update(features[0], window(0))[0]
    for number in (1000, 0):  # a pause, and a clock that jumps back
        again = bridged.update(features[0], window(number))[0]
        assert (again.step_id, again.score) == (fresh.step_id, pytest.approx(fresh.score))
        assert again.since_ns == window(number).end_ns


def test_a_step_of_a_moment_leaves_the_history(model):
    tracker = StepTracker(model)
    for number, step in enumerate([1, 1, 1, 3, 1, 1, 2]):
        since_ns = tracker._continued(step, window(number).end_ns)
    assert tracker._history == [(1, window(0).end_ns), (2, window(6).end_ns)]
    assert since_ns == window(6).end_ns


def test_a_tracker_is_kept_on_disk(model, tmp_path):
    model.save(tmp_path / "tea")
    again = TrackerModel.load(tmp_path / "tea")
    features = made(106).windows.features
    assert again.config == model.config
    assert again.name == "tea"
    assert np.allclose(again.probabilities(features), model.probabilities(features))


def test_a_folder_without_a_tracker_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no step tracker can be loaded"):
        TrackerModel.load(tmp_path)
    (tmp_path / "config.json").write_text('{"labels": [], "window_s": 1}')
    with pytest.raises(ModelNotFoundError, match="no step tracker can be loaded"):
        TrackerModel.load(tmp_path)


def test_damaged_weights_are_told(model, tmp_path):
    model.save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelNotFoundError, match="no step tracker can be loaded"):
        TrackerModel.load(tmp_path)


def test_features_of_another_width_are_refused(model):
    width = model.config.segmentation.width
    model.check_features("mine", width)
    with pytest.raises(ParameterError, match=f"encoder 'mine' makes features of {width + 1} numbers, but .* {width}"):
        model.check_features("mine", width + 1)


def test_the_memory_is_the_networks_reach():
    settings = replace(SMALL, width=2, classes=2, layers=2, stages=2)
    config = TrackerConfig(("", "a"), "", 1.0, 0.5, settings, ())
    assert TrackerModel(config, MsTcn(settings)).memory == 2 * 2 * 3


def test_a_number_has_one_name():
    steps = [TimedStep(2, "pour", 0, 1), TimedStep(2, "pour", 1, 2)]
    assert step_names(steps) == ("background", "", "pour")
    with pytest.raises(DatasetFormatError, match="step 2 is 'pour' and 'drink'"):
        step_names([*steps, TimedStep(2, "drink", 2, 3)])
