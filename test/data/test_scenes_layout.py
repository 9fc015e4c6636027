from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Hands
from annexe_ros.data.scenes.combos import SURFACES, is_held_out
from annexe_ros.data.scenes.layout import arrange
from annexe_ros.data.scenes.plan import sample_plan
from annexe_ros.data.scenes.truth import CATEGORIES
from annexe_ros.data.scenes.viewpoint import sample_viewpoint

PLANS = [sample_plan(7, k) for k in range(2000)]
SCENE_COUNT = 20


@pytest.fixture(scope="module")
def scenes():
    found = []
    for k in range(SCENE_COUNT):
        plan = sample_plan(3, k)
        tries = (arrange(plan, np.random.default_rng([3, k, attempt]), 320, 240) for attempt in range(40))
        found.append((plan, next(scene for scene in tries if scene is not None)))
    return found


def test_shares_of_scenes_by_number_of_hands():
    count = Counter(len(plan.hands) for plan in PLANS)
    assert count[0] / len(PLANS) == pytest.approx(0.10, abs=0.02)
    assert count[1] / len(PLANS) == pytest.approx(0.45, abs=0.03)
    sides = Counter(plan.hands[0][0] for plan in PLANS if len(plan.hands) == 1)
    assert sides[Hands.LEFT] / sides.total() == pytest.approx(0.5, abs=0.05)


def test_shares_of_touches_and_of_untouched_objects():
    touches = [index is not None for plan in PLANS for _, index in plan.hands]
    assert np.mean(touches) == pytest.approx(0.85, abs=0.03)
    assert all(3 <= len(plan.categories) <= 9 for plan in PLANS)
    assert np.mean([len(plan.categories) - plan.touched >= 2 for plan in PLANS]) > 0.7
    assert any(plan.touched_by(0) == Hands.LEFT | Hands.RIGHT for plan in PLANS)


def test_every_category_is_common_as_touched_object_and_as_clutter():
    touched = Counter(name for plan in PLANS for name in plan.categories[: plan.touched])
    clutter = Counter(name for plan in PLANS for name in plan.categories[plan.touched :])
    for category in CATEGORIES:
        assert touched[category] / touched.total() > 0.04
        assert clutter[category] / clutter.total() > 0.04


@pytest.mark.parametrize("seed", range(5))
def test_even_a_small_data_set_has_the_mix(seed):
    plans = [sample_plan(seed, k) for k in range(300)]
    hands = Counter(len(plan.hands) for plan in plans)
    assert (hands[0], hands[1], hands[2]) == (30, 135, 135)
    touched = Counter(name for plan in plans for name in plan.categories[: plan.touched])
    assert min(touched[category] for category in CATEGORIES) / touched.total() > 0.03


def test_no_category_twice_in_a_scene():
    assert all(len(set(plan.categories)) == len(plan.categories) for plan in PLANS)


def combinations(plan):
    return {(plan.categories[index], side, plan.surface) for side, index in plan.hands if index is not None}


def test_held_out_combinations_are_drawn_for_unseen_scenes_only():
    seen = set().union(*(combinations(plan) for plan in PLANS))
    unseen = set().union(*(combinations(sample_plan(7, k, unseen=True)) for k in range(500)))
    assert len(seen) > 120
    assert len(unseen) > 25
    assert not seen & unseen
    assert all(is_held_out(*combination) for combination in unseen)


def test_two_categories_are_held_out_for_every_hand_and_surface():
    for surface in SURFACES:
        for hand in (Hands.LEFT, Hands.RIGHT):
            assert sum(is_held_out(category, hand, surface) for category in CATEGORIES) == 2


@given(st.integers(0, 100_000))
def test_viewpoints_look_down_and_project_back(seed):
    view = sample_viewpoint(np.random.default_rng(seed), 320, 240, False)
    assert 20 <= view.pitch_deg <= 80
    assert np.degrees(np.arcsin(-view.rotation[2, 2])) == pytest.approx(view.pitch_deg, abs=1e-6)
    assert view.rotation.T @ view.rotation == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(view.rotation) == pytest.approx(1)
    assert 54 < np.degrees(2 * np.arctan(160 / view.camera.fx)) < 96
    point = view.point_at((100, 50), 0.8)
    pixel, depth = view.pixels(point)
    assert pixel[0] == pytest.approx([100, 50])
    assert depth[0] == pytest.approx(0.8)


def test_scenes_follow_their_plan(scenes):
    for plan, scene in scenes:
        assert [placed.model.category for placed in scene.objects] == list(plan.categories)
        assert [placed.touched_by for placed in scene.objects] == [
            plan.touched_by(k) for k in range(len(plan.categories))
        ]
        assert [(dressed.hand.side, dressed.touches) for dressed in scene.hands] == list(plan.hands)


def test_standing_objects_are_on_the_surface_and_apart(scenes):
    for _, scene in scenes:
        standing = [placed for placed in scene.objects if not placed.lifted]
        hulls = [cv2.convexHull(placed.box_corners()[:, :2].astype(np.float32)) for placed in standing]
        for placed in standing:
            corners = placed.box_corners()
            assert corners[:, 2].min() == pytest.approx(0, abs=1e-6)
            assert scene.ground.holds(corners[:, :2])
        for k, hull in enumerate(hulls):
            assert all(cv2.intersectConvexConvex(hull, other)[0] < 1e-6 for other in hulls[:k])


def test_lifted_objects_are_held_and_clear_of_the_surface(scenes):
    lifted = [placed for _, scene in scenes for placed in scene.objects if placed.lifted]
    assert lifted
    for placed in lifted:
        assert placed.touched_by
        assert placed.box_corners()[:, 2].max() > 0.03


def test_hands_reach_their_object_and_their_arm_leaves_the_picture(scenes):
    for _, scene in scenes:
        for dressed in scene.hands:
            hand = dressed.hand
            pixel, _ = scene.view.pixels(hand.arm[-1])
            width, height = scene.view.camera.width, scene.view.camera.height
            assert not ((pixel[0] > 0).all() and (pixel[0] < (width, height)).all())
            assert hand.arm[:, 2].min() > 0
            if dressed.touches is not None:
                placed = scene.objects[dressed.touches]
                held = hand.to_world(hand.shape.anchor[None])
                grips = np.array([placed.grip(grip).point for grip in placed.model.grips])
                assert np.linalg.norm(grips - held, axis=1).min() < 1e-6


def test_arms_come_in_over_several_borders(scenes):
    entries = Counter()
    for _, scene in scenes:
        for dressed in scene.hands:
            v = scene.view.pixels(dressed.hand.arm[-1])[0][0, 1]
            entries["bottom" if v > 240 else "elsewhere"] += 1
    assert entries["bottom"] > entries["elsewhere"] > 0


@given(st.integers(0, 10_000), st.integers(1, 9))
def test_another_draft_of_a_scene_has_as_many_hands(index, draft):
    first, other = sample_plan(3, index), sample_plan(3, index, draft=draft)
    assert other == sample_plan(3, index, draft=draft)
    assert len(other.hands) == len(first.hands)
    assert other != first


def test_a_scene_whose_first_plan_has_no_room_takes_another(monkeypatch):
    from annexe_ros.data.scenes import dataset

    first = sample_plan(3, 0)
    monkeypatch.setattr(dataset, "arrange", lambda plan, *_: None if plan == first else plan)
    monkeypatch.setattr(dataset, "_survey", lambda *_: ("rendering", "truth"))
    plan, rendering, truth, _ = dataset.find_scene(None, 3, 0, 320, 240)
    assert plan == sample_plan(3, 0, draft=1)
    assert (rendering, truth) == ("rendering", "truth")
