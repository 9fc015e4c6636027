"""Finds places for objects: in view, on the surface, clear of each other and of the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.grasp import PosedHand
from annexe_ros.data.scenes.legible import faces
from annexe_ros.data.scenes.objects import MAKERS, ObjectModel
from annexe_ros.data.scenes.scene import PlacedObject, Prop
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.surfaces import Ground, sample_prop
from annexe_ros.data.scenes.viewpoint import Viewpoint

_SCALES = {
    "chair": (0.35, 0.75), "storage furniture": (0.5, 1.0), "safe": (0.5, 0.95), "bucket": (0.5, 1.0),
    "trash can": (0.5, 1.05), "lamp": (0.65, 1.05), "laptop": (0.7, 1.0), "kettle": (0.75, 1.05),
}  # fmt: skip
"""How much smaller than life furniture-like things may be (children's and desk-top versions)."""
_FACELESS = (
    "bottle",
    "mug",
    "kettle",
    "bucket",
    "trash can",
    "lamp",
    "scissors",
    "pliers",
    "knife",
    "stapler",
    "toy car",
)
_THIN = ("scissors", "pliers", "knife", "stapler")
"""What fills so little of its own outline that the outline has to be larger."""
_LIFTED_SHARE = 0.45
_COARSE = 4
"""Occlusion is judged on a picture this many times smaller."""


def sample_object(rng: Generator, category: str, on_floor: bool) -> ObjectModel:
    """Return an object in a resting pose at a fitting scale."""
    low, high = _SCALES.get(category, (0.88, 1.12))
    scale = rng.uniform(low, high) * (1.2 if on_floor and category in _SCALES else 1.0)
    turn = None
    if category in ("bottle", "mug") and rng.random() < 0.12:
        turn = Rotation.from_euler("x", -90, degrees=True)
    elif category in ("bowl", "bucket") and rng.random() < 0.06:
        turn = Rotation.from_euler("x", 180, degrees=True)
    return MAKERS[category](rng).transformed(float(scale), turn)


def place_touched(
    rng: Generator, model: ObjectModel, sides: Hands, ground: Ground, view: Viewpoint, others: Sequence[PlacedObject]
) -> PlacedObject | None:
    """Return a touched object near the middle of the picture, at times lifted; None if there is no room."""
    size = np.array([view.camera.width, view.camera.height])
    least = 0.02 if model.category in _THIN else 0.011
    for _ in range(24):
        at = view.on_plane(rng.uniform((0.2, 0.28), (0.8, 0.85)) * size)
        if at is None or np.linalg.norm(at - view.position) > 1.15:
            continue
        placed = PlacedObject(model, at, _heading(rng, model.category, at, view), sides)
        if rng.random() < _LIFTED_SHARE and any(grip.carries for grip in model.grips):
            placed = _lifted(rng, placed)
        elif not ground.holds(placed.box_corners()[:, :2]):
            continue
        if not faces(placed, view):
            continue
        share = view.outline_share(placed.box_corners())
        if share > 0.2:
            model = model.transformed(0.85)
        elif share > least and not any(_overlap(placed, other) for other in others):
            return placed
    return None


def _heading(rng: Generator, category: str, at: Floats, view: Viewpoint) -> Rotation:
    """Return a turn about z: fronts look roughly at the wearer, things without a front anywhere."""
    if category in _FACELESS:
        return Rotation.from_euler("z", rng.uniform(-np.pi, np.pi))
    to_camera = view.position[:2] - at[:2]
    ahead = np.arctan2(to_camera[1], to_camera[0]) + np.pi / 2
    return Rotation.from_euler("z", ahead + np.radians(rng.normal(0, 38)))


def _lifted(rng: Generator, placed: PlacedObject) -> PlacedObject:
    """Return the object held clear of the surface, tilted."""
    reach = np.linalg.norm(placed.model.size[:2]) / 2
    tilt = Rotation.from_rotvec(np.radians(np.append(rng.normal(0, 18, 2), 0)))
    up = rng.uniform(0.03, 0.16) + 0.35 * reach
    return replace(
        placed, position=placed.position + np.array([0, 0, up]), rotation=tilt * placed.rotation, lifted=True
    )


def _footprint(placed: PlacedObject) -> NDArray:
    return cv2.convexHull(placed.box_corners()[:, :2].astype(np.float32))


def _overlap(first: PlacedObject, second: PlacedObject) -> bool:
    return cv2.intersectConvexConvex(_footprint(first), _footprint(second))[0] > 1e-6


class Clearing:
    """Where untouched things may still go in a scene whose hands and touched objects are in place."""

    def __init__(
        self, ground: Ground, view: Viewpoint, objects: Sequence[PlacedObject], hands: Sequence[PosedHand]
    ) -> None:
        self._ground, self._view = ground, view
        self._objects, self._hands = list(objects), hands
        self._covered = np.zeros((view.camera.height // _COARSE, view.camera.width // _COARSE), np.uint8)
        for placed in objects:
            self._cover(placed)
        for hand in hands:
            self._cover_arm(hand)

    def add_object(self, rng: Generator, model: ObjectModel) -> PlacedObject | None:
        """Place an untouched object in view, smaller if need be; None if there is no room."""
        size = np.array([self._view.camera.width, self._view.camera.height])
        least = 0.008 if model.category in _THIN else 0.005
        for attempt in range(96):
            if attempt % 16 == 15:
                model = model.transformed(0.85)
            at = self._view.on_plane(rng.uniform(0.04, (0.96, 0.94)) * size)
            if at is None or np.linalg.norm(at - self._view.position) > 1.6:
                continue
            placed = PlacedObject(model, at, _heading(rng, model.category, at, self._view))
            large = least < self._view.outline_share(placed.box_corners()) < 0.13
            if large and faces(placed, self._view) and self._fits(placed, 0.33):
                self._objects.append(placed)
                self._cover(placed)
                return placed
        return None

    def sample_props(self, rng: Generator) -> tuple[Prop, ...]:
        """Return a few background things where there is room."""
        props = []
        size = (self._view.camera.width, self._view.camera.height)
        for _ in range(int(rng.integers(0, 5))):
            parts = sample_prop(rng)
            at = self._view.on_plane(rng.uniform(0.05, 0.95, 2) * size)
            yaw = float(rng.uniform(-np.pi, np.pi))
            if at is None:
                continue
            placed = PlacedObject(ObjectModel("", "", parts, ()), at, Rotation.from_euler("z", yaw))
            if self._fits(placed, 1.0):
                self._objects.append(placed)
                props.append(Prop(parts, at, yaw))
        return tuple(props)

    def _fits(self, placed: PlacedObject, hidden: float) -> bool:
        corners = placed.box_corners()
        return (
            self._ground.holds(corners[:, :2])
            and self._hidden_share(corners) <= hidden
            and not any(_overlap(placed, other) for other in self._objects)
            and not any(_passes_through(hand, corners) for hand in self._hands)
        )

    def _outline(self, points: Floats) -> NDArray:
        pixels, _ = self._view.pixels(points)
        return cv2.convexHull(np.clip(pixels / _COARSE, -1000, 1000).astype(np.int32))

    def _cover(self, placed: PlacedObject) -> None:
        cv2.fillConvexPoly(self._covered, self._outline(placed.box_corners()), 1)

    def _cover_arm(self, hand: PosedHand) -> None:
        pixels, depth = self._view.pixels(np.concatenate([hand.to_world(np.array([[0.15, 0, -0.02]])), hand.arm]))
        way = np.clip(pixels / _COARSE, -1000, 1000).astype(int).tolist()
        for start, end, away in zip(way, way[1:], depth, strict=False):
            thickness = 0.075 * self._view.camera.fx / max(away, 0.1) / _COARSE
            cv2.line(self._covered, start, end, 1, int(np.clip(thickness, 1, 200)))

    def _hidden_share(self, corners: Floats) -> float:
        """Return the share of an outline that is covered already or outside the picture."""
        outline = self._outline(corners)
        shape = np.zeros_like(self._covered)
        cv2.fillConvexPoly(shape, outline, 1)
        return 1 - float((shape & (1 - self._covered)).sum()) / max(cv2.contourArea(outline), 1.0)


def _passes_through(hand: PosedHand, corners: Floats) -> bool:
    """Return whether a hand or its arm is where a box with these corners (8, 3) is to stand."""
    center, radius = corners.mean(axis=0), np.linalg.norm(np.ptp(corners[:, :2], axis=0)) / 2
    way = np.concatenate([hand.arm, hand.to_world(np.array([[0.05, 0, 0], [0.1, 0, -0.02], [0.14, 0, -0.04]]))])
    close = np.linalg.norm(way[:, :2] - center[:2], axis=1) < 0.75 * radius + 0.045
    return bool((close & (way[:, 2] < corners[:, 2].max() + 0.05)).any())
