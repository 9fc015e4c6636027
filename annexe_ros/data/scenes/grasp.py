"""How a hand takes hold: where wrist, palm and arm are for a grip in the world. Knows nothing of colours or MuJoCo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.arms import arm_path
from annexe_ros.data.scenes.hands import VARIANTS, HandShape, Pose, right_hand
from annexe_ros.data.scenes.objects.model import Grip
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.viewpoint import Viewpoint

_ANGLES = np.radians(np.arange(0, 360, 10))
_WRIST_CLEARANCE = 0.035
_LARGEST_BEND = 0.3
"""Cosine of the largest angle between the hand and the way to where its arm comes from."""


_EASE = 0.9
"""What an easy turn of the forearm counts beside a straight wrist (1.4)."""


@dataclass(frozen=True, eq=False)
class PosedHand:
    """A hand and arm in the world.

    Attributes:
        side: LEFT or RIGHT.
        shape: fingers, in the hand's frame and already mirrored for a left hand.
        rotation: hand frame to world.
        position: (3,) of the hand's origin [m].
        scale: size of the hand.
        arm: (N, 3) from the wrist to outside the picture.
    """

    side: Hands
    shape: HandShape
    rotation: Rotation
    position: Floats
    scale: float
    arm: Floats

    def to_world(self, points: Floats) -> Floats:
        """Return points (N, 3) of the hand's frame in the world."""
        return self.rotation.apply(points * self.scale) + self.position

    @property
    def back(self) -> Floats:
        """Direction (3,) of the back of the hand in the world."""
        return self.rotation.apply([0.0, 0.0, 1.0])


def _entry_pixel(rng: Generator, side: Hands, width: int, height: int) -> Floats:
    """Return where on the border of the image the arm comes in: mostly its own half of the bottom edge.

    The wearer's arms come neither from above nor over the other arm's edge.
    """
    border = rng.random()
    if border < 0.85:
        u, v = rng.uniform(0.46, 1.08), 1.0
    elif border < 0.985:
        u, v = 1.0, rng.uniform(0.25, 1.0)
    else:
        u, v = rng.uniform(0.02, 0.46), 1.0
    return np.array([(u if side is Hands.RIGHT else 1 - u) * width, v * height])


def sample_arm_end(rng: Generator, side: Hands, hand: Floats, view: Viewpoint) -> Floats | None:
    """Return a point outside the picture, above the surface and in reach of the hand, where the arm goes; or None."""
    width, height = view.camera.width, view.camera.height
    _, depth = view.pixels(hand)
    border = _entry_pixel(rng, side, width, height)
    outwards = border - np.array([width, height]) / 2
    outwards /= np.linalg.norm(outwards)
    for _ in range(6):
        at = float(depth[0]) * rng.uniform(0.45, 0.95)
        margin = 0.075 * view.camera.fx / max(at, 0.1) + 4
        end = view.point_at(border + outwards * margin, at)
        reach = np.linalg.norm(end - hand)
        if end[2] > 0.05 and 0.16 < reach < 0.75:
            return end
    return None


def take_hold(
    rng: Generator, side: Hands, grip: Grip, arm_end: Floats, scale: float, pose: Pose | None = None
) -> PosedHand | None:
    """Return the hand that holds ``grip`` (in the world) with its arm towards ``arm_end``, as comfortably as it goes.

    The hand may turn about the grip's axis and hold it from either side, unless it presses. None if every way would
    put the wrist into the surface or bend it too far.
    """
    radius_mm = int(np.clip(round(grip.radius * 1000 / scale / 6) * 6, 6, 54))
    shape = right_hand(pose or Pose(grip.kind.value), radius_mm, int(rng.integers(VARIANTS)))
    if side is Hands.LEFT:
        shape = shape.mirrored()
    presses = shape.axis[2] == 1.0
    candidates = _rotations(shape.axis, np.asarray(grip.axis), both_ways=not presses)
    point = np.asarray(grip.point)
    forearm = arm_end - point
    forearm /= np.linalg.norm(forearm)
    score = _comfort(rng, shape, candidates, grip, forearm, scale)
    if not presses:
        score += _EASE * _ease(side, candidates, forearm)
    best = int(np.argmax(score))
    if score[best] < -1.0:
        return None
    rotation = candidates[best]
    position = point - rotation.apply(shape.anchor * scale)
    wrist = rotation.apply(shape.wrist * scale) + position
    arm = arm_path(wrist, rotation.apply([-1.0, 0.0, 0.0]), arm_end)
    if arm[:, 2].min() < 0.02:
        return None
    return PosedHand(side, shape, rotation, position, scale, arm)


def _comfort(rng: Generator, shape: HandShape, turns: Rotation, grip: Grip, forearm: Floats, scale: float) -> Floats:
    """Return how good each rotation (N,) is: forearm straight, hand on the outward side, wrist above the surface."""
    straight = turns.apply([-1.0, 0.0, 0.0]) @ forearm
    outward = np.asarray(grip.outward) / np.linalg.norm(grip.outward)
    coming = np.array([0.0, 0.0, 1.0]) if grip.kind.value != "pinch" else shape.wrist - shape.anchor
    agrees = turns.apply(coming / np.linalg.norm(coming)) @ outward
    wrist = np.asarray(grip.point)[2] + turns.apply((shape.wrist - shape.anchor) * scale)[:, 2]
    knuckles = np.asarray(grip.point)[2] + turns.apply((np.array([0.09, 0, 0.0]) - shape.anchor) * scale)[:, 2]
    buried = (wrist < _WRIST_CLEARANCE) | (knuckles < 0.012)
    bent = straight < _LARGEST_BEND
    return 1.4 * straight + 0.6 * agrees + rng.normal(0, 0.15, len(agrees)) - 4.0 * buried - 4.0 * bent


def _ease(side: Hands, turns: Rotation, forearm: Floats) -> Floats:
    """Return how easily the forearm turns so (N,), -1 to 1: best with the thumb up and towards the other hand.

    From there to the palm down is everyday; the thumb down or the palm up is what shoulders and elbows avoid.
    """
    right = side is Hands.RIGHT
    thumb = turns.apply([0.0, 1.0 if right else -1.0, 0.0])
    inwards = np.cross([0.0, 0.0, 1.0], -forearm) * (1 if right else -1)
    return thumb @ (0.8 * np.array([0.0, 0.0, 1.0]) + 0.6 * inwards)


def _rotations(source: Floats, target: Floats, both_ways: bool) -> Rotation:
    """Return rotations that take ``source`` to ``target`` (or its opposite), turned about it in steps."""
    target = target / np.linalg.norm(target)
    turns = []
    for sign in (1.0, -1.0) if both_ways else (1.0,):
        base, _ = Rotation.align_vectors(sign * target[None], source[None])
        turns.append(Rotation.from_rotvec(_ANGLES[:, None] * target[None]) * base)
    return Rotation.concatenate(turns)
