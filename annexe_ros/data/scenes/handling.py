"""Puts hands into a scene: on the objects that they touch, or idle in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator, Look
from annexe_ros.data.scenes.arms import sample_sleeve, skin_look, skin_tone
from annexe_ros.data.scenes.grasp import PosedHand, sample_arm_end, take_hold
from annexe_ros.data.scenes.hands import Pose
from annexe_ros.data.scenes.objects import Grip, GripKind
from annexe_ros.data.scenes.plan import Plan
from annexe_ros.data.scenes.scene import DressedHand, PlacedObject
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.viewpoint import Viewpoint

_TRIES = 5
_CROSSED_SHARE = 0.06
"""Share of two-handed arrangements with crossed arms that are kept: people seldom work that way."""
_PALM = np.array([[0.09, 0.0, 0.0]])
_FREE_POSES = (Pose.RELAXED, Pose.RELAXED, Pose.FIST, Pose.POINT, Pose.PRESS)


def place_hands(
    rng: Generator, plan: Plan, objects: Sequence[PlacedObject], view: Viewpoint
) -> list[DressedHand] | None:
    """Return the plan's hands on the touched ``objects``, one person's, or None if one finds no way to its place."""
    tone, scale, girth = skin_tone(rng), float(rng.uniform(0.92, 1.08)), float(rng.uniform(0.85, 1.12))
    sleeve = sample_sleeve(rng)
    placed: list[DressedHand] = []
    for side, touches in plan.hands:
        target = None if touches is None else objects[touches]
        hand = _free_hand(rng, side, target, scale, view, [other.hand for other in placed])
        if hand is None:
            return None
        watch = Look(tuple(rng.uniform(0.02, 0.9, 3)), specular=0.8) if rng.random() < 0.08 else None
        worn = replace(sleeve, bare=max(0.0, sleeve.bare + rng.normal(0, 0.02))) if sleeve else None
        placed.append(DressedHand(hand, touches, skin_look(rng, tone), worn, girth, watch))
    crossed = _crossed(view, [dressed.hand for dressed in placed])
    return None if crossed and rng.random() > _CROSSED_SHARE else placed


def _free_hand(
    rng: Generator, side: Hands, target: PlacedObject | None, scale: float, view: Viewpoint, others: Sequence[PosedHand]
) -> PosedHand | None:
    for _ in range(_TRIES):
        hand = _idle(rng, side, scale, view) if target is None else _touching(rng, side, target, scale, view)
        if hand is not None and not any(_collide(hand, other) for other in others):
            return hand
    return None


def _touching(rng: Generator, side: Hands, target: PlacedObject, scale: float, view: Viewpoint) -> PosedHand | None:
    grips = [grip for grip in target.model.grips if grip.carries or not target.lifted]
    grip = target.grip(grips[int(rng.integers(len(grips)))])
    pose = Pose.POINT if grip.kind is GripKind.PRESS and rng.random() < 0.35 else None
    return _reach(rng, side, grip, scale, pose, view)


def _idle(rng: Generator, side: Hands, scale: float, view: Viewpoint) -> PosedHand | None:
    """Return a hand that holds nothing: flat on the surface, or hanging above it."""
    across = rng.uniform(0.35, 0.92)
    share = (across if side is Hands.RIGHT else 1 - across, rng.uniform(0.45, 0.9))
    at = view.on_plane(np.array(share) * (view.camera.width, view.camera.height))
    if at is None:
        return None
    flat = rng.random() < 0.4
    pose = Pose.PRESS if flat else _FREE_POSES[int(rng.integers(len(_FREE_POSES)))]
    up = (0.0, 0.0, 1.0) if flat else (float(rng.normal(0, 0.5)), float(rng.normal(0, 0.5)), 1.0)
    point = at + np.array([0, 0, 0.008 if flat else rng.uniform(0.06, 0.2)])
    return _reach(rng, side, Grip(GripKind.PRESS, tuple(point), up, (0, 0, 1), 0.02), scale, pose, view)


def _reach(
    rng: Generator, side: Hands, grip: Grip, scale: float, pose: Pose | None, view: Viewpoint
) -> PosedHand | None:
    point = np.asarray(grip.point)
    end = sample_arm_end(rng, side, point, view) if _in_view(view, point, 0.07) else None
    return None if end is None else take_hold(rng, side, grip, end, scale, pose)


def _in_view(view: Viewpoint, point: Floats, margin: float) -> bool:
    pixel, depth = view.pixels(point)
    share = pixel[0] / (view.camera.width, view.camera.height)
    return bool(depth[0] > 0.2 and (share > margin).all() and (share < 1 - margin).all())


def _crossed(view: Viewpoint, hands: Sequence[PosedHand]) -> bool:
    """Return whether a left hand or its elbow's end is seen to the right of a right one's."""
    if len(hands) < 2:
        return False
    left, right = sorted(hands, key=lambda hand: hand.side is Hands.RIGHT)
    ends = [view.pixels(np.concatenate([hand.to_world(_PALM), hand.arm[-1:]]))[0][:, 0] for hand in (left, right)]
    return bool((ends[0] > ends[1]).any())


def _collide(first: PosedHand, second: PosedHand) -> bool:
    gap = np.linalg.norm(first.arm[:, None] - second.arm[None], axis=-1).min()
    apart = np.linalg.norm(first.to_world(_PALM) - second.to_world(_PALM))
    return bool(gap < 0.075 or apart < 0.085)
