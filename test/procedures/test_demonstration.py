"""The place in a demonstration: found in noise, kept where views are alike, found again after a jump."""

import numpy as np
import pytest

from annexe_ros.core.event import NANOSECONDS
from annexe_ros.core.procedure import StepEstimate, TimedStep, ViewedWindow
from annexe_ros.procedures.generated import noisy_features, prototypes
from annexe_ros.procedures.tracking.demonstration import Demonstration, DemonstrationFollower

WIDTH, PER_STEP, STRIDE_S = 32, 6, 0.5
LABELS = ("open", "take", "pour", "close")


def timed(labels=LABELS):
    length = PER_STEP * STRIDE_S
    return [TimedStep(n + 1, label, n * length, (n + 1) * length) for n, label in enumerate(labels)]


def views(rng, noise, classes, labels=(0, 1, 2, 3)):
    features = noisy_features(np.repeat(labels, PER_STEP), classes, noise, rng)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


@pytest.fixture
def classes():
    return prototypes(len(LABELS), WIDTH, np.random.default_rng(0))


def demonstration(classes, noise=0.3):
    features = views(np.random.default_rng(1), noise, classes)
    return Demonstration("tea", (np.arange(len(features)) + 1) * STRIDE_S, features, timed())


def window(number):
    return ViewedWindow(0, round(number * STRIDE_S * NANOSECONDS))


def followed(follower, features, first=0):
    return [follower.update(feature, window(first + k)) for k, feature in enumerate(features)]


def test_the_same_procedure_is_followed(classes):
    follower = DemonstrationFollower(demonstration(classes), STRIDE_S, "encoder")
    places = followed(follower, views(np.random.default_rng(2), 0.8, classes))
    right = [place.label == LABELS[k // PER_STEP] for k, place in enumerate(places)]
    assert np.mean(right) >= 0.9
    assert places[-1].step_number == places[-1].step_count == 4
    assert places[-1].position_s > places[2].position_s
    assert all(0 < place.score <= 1 and -1 <= place.similarity <= 1.0001 for place in places)


def test_a_step_that_occurs_twice_is_told_by_what_came_before(classes):
    labels = (0, 1, 0, 2)
    features = views(np.random.default_rng(1), 0.1, classes, labels)
    steps = timed(["open", "take", "open again", "pour"])
    twice = Demonstration("twice", (np.arange(len(features)) + 1) * STRIDE_S, features, steps)
    places = followed(DemonstrationFollower(twice, STRIDE_S), views(np.random.default_rng(3), 0.1, classes, labels))
    assert places[PER_STEP + 1].label == "take"
    assert places[2 * PER_STEP + 3].label == "open again"


def test_after_a_jump_the_place_is_found_again(classes):
    follower = DemonstrationFollower(demonstration(classes), STRIDE_S)
    rng = np.random.default_rng(4)
    followed(follower, views(rng, 0.3, classes)[-3:])
    assert followed(follower, views(rng, 0.3, classes)[:5], first=3)[-1].label == "open"


@pytest.mark.parametrize("number", [1000, 0])
def test_after_a_pause_and_a_clock_that_jumps_back_it_begins_anew(classes, number):
    follower = DemonstrationFollower(demonstration(classes), STRIDE_S)
    view = views(np.random.default_rng(5), 0.3, classes)[0]
    first = follower.update(view, window(0))
    follower.update(view, window(1))
    again = follower.update(view, window(number))
    assert (again.position_s, again.score) == (first.position_s, first.score)


@pytest.mark.parametrize("missing", [0, 5])
def test_the_place_moves_on_by_the_windows_that_are_missing(missing):
    features = np.eye(2, dtype=np.float32)[[0] + [1] * 19]  # a beginning, and then nothing that tells windows apart
    steps = [TimedStep(1, "wait", 0.0, 20 * STRIDE_S)]
    follower = DemonstrationFollower(Demonstration("still", np.arange(20) * STRIDE_S, features, steps), STRIDE_S)
    follower.update(features[0], window(0))
    assert follower.update(features[1], window(1 + missing)).position_s == (1 + missing) * STRIDE_S


@pytest.mark.parametrize(
    ("label", "score", "told"),
    [("pour", 0.9, "pour"), ("pour", 1.0, "pour"), ("pour", 0.2, "open"), ("whistle", 1.0, "open"), ("", 0.0, "open")],
)
def test_a_recognised_step_counts_beside_what_a_view_is_like(classes, label, score, told):
    shown = demonstration(classes, noise=0.0)
    a, b = classes[0] / np.linalg.norm(classes[0]), classes[2] / np.linalg.norm(classes[2])
    between = 0.505 * a + 0.495 * b  # a little more like opening than like pouring
    recognised = StepEstimate(7, label, score, 0, window(0))
    place = DemonstrationFollower(shown, STRIDE_S).update(np.float32(between), window(0), recognised)
    assert place.label == told
    assert 0 < place.score <= 1


def test_the_place_in_words(classes):
    place = followed(
        DemonstrationFollower(demonstration(classes), STRIDE_S), views(np.random.default_rng(6), 0.1, classes)
    )[13]
    assert place.text == f"step 3 of 4 of 'tea', 0:0{int(place.position_s)}: pour"
