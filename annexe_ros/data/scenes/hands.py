"""The shape of a human hand in a grasp: five fingers from a skeleton, skinned by a smooth distance field.

The hand's frame: origin at the wrist, x towards the fingers, z out of the back of the hand, y towards the thumb of the
*right* hand; a left hand is the mirror image. Shapes are kept for reuse, since only pose, size and skin differ.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from annexe_ros.data.scenes.isosurface import Field, round_cone, smooth_union, surface_net
from annexe_ros.data.scenes.shapes import Floats, Mesh

GRID_STEP = 0.0042
VARIANTS = 5
"""Different hands per grasp and size of what is held."""

_KNUCKLES = np.array([[0.090, 0.030, 0.002], [0.094, 0.009, 0.004], [0.088, -0.012, 0.002], [0.079, -0.031, -0.002]])
_PHALANGES = np.array([[0.045, 0.027, 0.021], [0.050, 0.031, 0.022], [0.046, 0.029, 0.022], [0.036, 0.022, 0.019]])
_THICKNESS = np.array([0.0095, 0.0095, 0.0090, 0.0080])
_THUMB_BASE = np.array([0.026, 0.024, -0.010])
_THUMB_BONES = (0.044, 0.035, 0.029)
_PALM_HALF = 0.013


class Pose(enum.StrEnum):
    """What the fingers do; the first three serve the grips of the same name."""

    WRAP = "wrap"
    PINCH = "pinch"
    PRESS = "press"
    POINT = "point"
    RELAXED = "relaxed"
    FIST = "fist"


@dataclass(frozen=True, eq=False)
class HandShape:
    """A hand in its own frame.

    Attributes:
        mesh: skin of hand and wrist.
        anchor: (3,) [m], where the thing held has its centre.
        axis: (3,) the direction that a grip's ``axis`` maps to.
        wrist: (3,) [m] where the forearm begins.
    """

    mesh: Mesh
    anchor: Floats
    axis: Floats
    wrist: Floats

    def mirrored(self) -> HandShape:
        """Return the other hand."""
        flip = np.array([1.0, -1.0, 1.0])
        return replace(
            self, mesh=self.mesh.mirrored(), anchor=self.anchor * flip, axis=self.axis * flip, wrist=self.wrist * flip
        )


@lru_cache(maxsize=512)
def right_hand(pose: Pose, radius_mm: int, variant: int) -> HandShape:
    """Return a right hand that holds something ``radius_mm`` thick from its centre; one of ``VARIANTS``."""
    rng = np.random.default_rng([sorted(Pose).index(pose), radius_mm, variant])
    radius = radius_mm / 1000
    fingers, anchor, axis = _SKELETONS[pose](rng, radius)
    joints = np.concatenate(fingers)
    low = np.minimum(joints.min(axis=0), (-0.036, -0.045, -0.03)) - 0.018
    high = np.maximum(joints.max(axis=0), (0.1, 0.04, 0.02)) + 0.018
    axes = [np.arange(a, b, GRID_STEP, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    mesh = surface_net(_skin(points, fingers), low, GRID_STEP)
    uv = mesh.vertices[:, :2] / 0.2 + (0.3, 0.5)
    return HandShape(replace(mesh, uv=uv), anchor, axis, np.array([-0.012, 0.0, -0.004]))


def _skin(points: Field, fingers: Sequence[Floats]) -> Field:
    """Return the distance to the skin: palm and wrist blended, each finger blended into the palm, creases between."""
    thumb, *rest = fingers
    bones = [
        round_cone(points, (0.0, knuckle[1] * 0.45, -0.002), knuckle - (0.004, 0, 0.004), (0.016, 0.0125))
        for knuckle in _KNUCKLES
    ]
    wrist = [round_cone(points, (-0.03, y, -0.004), (0.03, y * 1.4, -0.004), (0.0185, 0.016)) for y in (-0.011, 0.011)]
    heel = [
        round_cone(points, (0.02, 0.016, -0.014), (0.055, 0.022, -0.012), (0.015, 0.010)),
        round_cone(points, (0.015, -0.020, -0.012), (0.055, -0.026, -0.012), (0.014, 0.011)),
    ]
    palm = smooth_union([*bones, *wrist, *heel], 0.012)
    fields = [smooth_union([palm, _finger(points, thumb, (0.0165, 0.0125, 0.0105, 0.0085))], 0.014)]
    for joints, thick in zip(rest, _THICKNESS, strict=True):
        radii = (thick * 1.08, thick, thick * 0.92, thick * 0.76)
        fields.append(smooth_union([palm, _finger(points, joints, radii)], 0.008))
    return np.minimum.reduce(fields)


def _finger(points: Field, joints: Floats, radii: Sequence[float]) -> Field:
    bones = [round_cone(points, joints[k], joints[k + 1], (radii[k], radii[k + 1])) for k in range(3)]
    return smooth_union(bones, 0.003)


def _chain(base: Floats, lengths: Sequence[float], directions: Floats) -> Floats:
    """Return the joints (4, 3) of a finger with three bones."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([base[None], base + np.cumsum(unit * np.asarray(lengths)[:, None], axis=0)])


def _flexed(finger: int, degrees: ArrayLike, splay: float) -> Floats:
    """Return a finger's joints with its three joints bent by ``degrees``, turned sideways by ``splay`` degrees."""
    angle, side = np.radians(np.cumsum(np.asarray(degrees))), np.radians(splay)
    directions = np.stack([np.cos(angle) * np.cos(side), np.cos(angle) * np.sin(side), -np.sin(angle)], -1)
    return _chain(_KNUCKLES[finger], _PHALANGES[finger], directions)


def _thumb_to(target: Floats, outward: Sequence[float] = (0.3, 0.6, -0.2)) -> Floats:
    """Return a thumb that bows outwards and ends near ``target``."""
    joints, at = [_THUMB_BASE], _THUMB_BASE
    for bone, bow in zip(_THUMB_BONES, (1.0, 0.25, -0.3), strict=True):
        direction = target - at
        direction = direction / (np.linalg.norm(direction) + 1e-9) + bow * np.asarray(outward)
        at = at + bone * direction / np.linalg.norm(direction)
        joints.append(at)
    return np.array(joints)


def _around(base: Floats, lengths: Sequence[float], center: Floats, reach: float, sense: int) -> Floats:
    """Return joints that follow a circle in the x-z plane about ``center``; sense 1 goes over the front."""
    joints, at = [base], base.copy()
    for bone in lengths:
        q = (at - center)[[0, 2]]
        distance = np.linalg.norm(q) + 1e-9
        inward = np.arccos(np.clip((distance**2 + bone**2 - reach**2) / (2 * distance * bone), -1, 1))
        heading = np.arctan2(-q[1], -q[0]) + sense * min(inward, 1.9)
        at = at + bone * np.array([np.cos(heading), 0, np.sin(heading)])
        joints.append(at)
    return np.array(joints)


def _wrap(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    center = np.array([0.072 + 0.12 * max(radius - 0.02, 0), 0.0, -(_PALM_HALF + radius)])
    fingers = []
    for k in range(4):
        joints = _around(_KNUCKLES[k], _PHALANGES[k], center, radius + _THICKNESS[k] + rng.uniform(-0.001, 0.003), 1)
        joints[:, 1] -= np.linspace(0, 1, 4) * (_KNUCKLES[k, 1] * 0.15 - rng.normal(0, 0.0015))
        fingers.append(joints)
    thumb = _around(_THUMB_BASE + np.array([0, 0.004, -0.004]), _THUMB_BONES, center, radius + 0.010, -1)
    thumb[:, 1] += np.array([0, 0.018, 0.022, 0.016])
    return [thumb, *fingers], center, np.array([0.0, 1.0, 0.0])


def _pinch(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    gap = 2 * radius + 0.016
    bend = rng.uniform(0.8, 1.15) * max(0.35, 1 - gap / 0.11)
    together = rng.random() < 0.6
    fingers = [_flexed(0, (42 * bend, 42 * bend, 22 * bend), -2)]
    for k in (1, 2, 3):
        extra = rng.uniform(2, 9) * k if together else rng.uniform(12, 24) * k
        fingers.append(_flexed(k, (44 * bend + extra * 0.6, 44 * bend + extra, 22 * bend + extra * 0.5), -2 * k + 1))
    tip = (fingers[0][3] + fingers[1][3]) / 2
    away = np.array([-0.35, 0.1, -0.93])
    thumb = _thumb_to(tip + away * gap)
    closing = fingers[0][3] - thumb[3]
    return [thumb, *fingers], (tip + thumb[3]) / 2, closing / np.linalg.norm(closing)


def _press(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    spread = rng.uniform(0, 9)
    fingers = [_flexed(k, rng.uniform(2, 14, 3), spread * (1.3 - k)) for k in range(4)]
    thumb = _thumb_to(np.array([0.085, 0.075, -0.02]) + rng.normal(0, 0.008, 3))
    return [thumb, *fingers], np.array([0.075, 0.0, -0.016 - 0.2 * radius]), np.array([0.0, 0.0, 1.0])


def _point(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    fingers = [_flexed(0, (rng.uniform(10, 30), rng.uniform(8, 20), 8), 0)]
    fingers += [_flexed(k, (75 + rng.uniform(-8, 8), 88, 55), 0) for k in (1, 2, 3)]
    thumb = _thumb_to(fingers[1][2] + (0.0, 0.012, -0.01))
    return [thumb, *fingers], fingers[0][3] + (0, 0, -0.008), np.array([0.0, 0.0, 1.0])


def _relaxed(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    curl = rng.uniform(0.4, 1.5)
    fingers = [
        _flexed(k, np.array([22, 26, 16]) * curl * (1 + 0.12 * k) + rng.normal(0, 3, 3), 5 - 4 * k) for k in range(4)
    ]
    thumb = _thumb_to(np.array([0.1, 0.055, -0.035]) + rng.normal(0, 0.008, 3))
    return [thumb, *fingers], np.array([0.08, 0.0, -0.035]), np.array([0.0, 0.0, 1.0])


def _fist(rng: np.random.Generator, radius: float) -> tuple[list[Floats], Floats, Floats]:
    fingers = [_flexed(k, (80 + rng.uniform(-8, 5), 95, 60), 0) for k in range(4)]
    thumb = _thumb_to(fingers[1][1] + (0.004, 0.004, -0.020), (0.2, 0.7, -0.3))
    return [thumb, *fingers], np.array([0.07, 0.0, -0.04]), np.array([0.0, 0.0, 1.0])


_SKELETONS = {
    Pose.WRAP: _wrap,
    Pose.PINCH: _pinch,
    Pose.PRESS: _press,
    Pose.POINT: _point,
    Pose.RELAXED: _relaxed,
    Pose.FIST: _fist,
}
