"""Takes stock of a rendered scene: pixels, hidden shares and poses of every instance, and whether the scene will do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from annexe_ros.core import LEFT_HAND_LABEL, RIGHT_HAND_LABEL, Hands, Role
from annexe_ros.data.scenes.build import BuiltScene, hand_parts
from annexe_ros.data.scenes.legible import touches_can_be_told
from annexe_ros.data.scenes.render import OpenScene, Rendering
from annexe_ros.data.scenes.scene import DressedHand, PlacedObject, Scene
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.truth import Instance, SceneTruth
from annexe_ros.data.scenes.viewpoint import Viewpoint

MIN_SHARE = 90 / (320 * 240)
"""An instance with a smaller share of the image is not in view."""
TOUCHED_SHARE = (0.003, 0.15)
"""Bounds of a touched object's visible share of the image."""
HAND_SHARE = (0.004, 0.25)
"""Bounds of a hand's visible share of the image, forearm included."""
_LEAST_VISIBLE = 0.5
"""Share of an object's pixels that must not be hidden."""


def survey(
    opened: OpenScene, built: BuiltScene, scene: Scene, name: str, seed: int
) -> tuple[Rendering, SceneTruth] | None:
    """Return the rendering and the truth of what it shows.

    None if the picture doesn't show what was planned, all hands and objects in view, touched ones in bounds; or if a
    person couldn't tell it.
    """
    mask, _ = opened.segment()
    shares = np.bincount(mask.ravel(), minlength=len(scene.objects) + len(scene.hands) + 1) / mask.size
    if not _all_in_view(shares, scene):
        return None
    if not touches_can_be_told(scene, mask, lambda index: opened.segment(only=index)[0] == index):
        return None
    truth = take_stock(opened, built, scene, mask, name, seed)
    objects = [item for item in truth.instances if item.role is Role.OBJECT]
    if any(item.visible_pixels < _LEAST_VISIBLE * item.full_pixels for item in objects):
        return None
    return opened.render(sun_alone=scene.lighting.stripes is not None), truth


def take_stock(
    opened: OpenScene, built: BuiltScene, scene: Scene, mask: NDArray[np.uint8], name: str, seed: int
) -> SceneTruth:
    """Return the truth of a picture with these instance masks (H, W), whatever it shows."""
    instances = tuple(item for item in _instances(opened, built, scene, mask) if item.visible_pixels)
    view = scene.view
    return SceneTruth(name, seed, view.camera, round(view.pitch_deg, 3), scene.ground.kind, instances)


def _all_in_view(shares: NDArray, scene: Scene) -> bool:
    """Return whether every instance covers a fitting share of the image; ``shares`` is indexed like the mask."""
    touched = shares[[k for k, placed in enumerate(scene.objects, start=1) if placed.touched_by]]
    hands = shares[len(scene.objects) + 1 :]
    return bool(
        (shares[1:] >= MIN_SHARE).all()
        and ((touched > TOUCHED_SHARE[0]) & (touched < TOUCHED_SHARE[1])).all()
        and ((hands > HAND_SHARE[0]) & (hands < HAND_SHARE[1])).all()
    )


def _instances(opened: OpenScene, built: BuiltScene, scene: Scene, mask: NDArray[np.uint8]) -> Iterator[Instance]:
    """Yield the instances in the order of their index in the mask: objects, then hands."""
    hand_pixels = np.isin(mask, built.hand_indices)
    for index in range(1, len(scene.objects) + len(scene.hands) + 1):
        full = opened.segment(only=index)[0] == index
        visible, whole = int((mask == index).sum()), int(full.sum())
        if index <= len(scene.objects):
            hidden = round(float((full & hand_pixels).sum()) / max(whole, 1), 4)
            yield _object(scene.objects[index - 1], scene.view, index, visible, whole, hidden)
        else:
            yield _hand(scene.hands[index - 1 - len(scene.objects)], scene, index, visible, whole)


def _object(placed: PlacedObject, view: Viewpoint, index: int, visible: int, full: int, hidden: float) -> Instance:
    low, high = placed.model.bounds
    center, rotation = _in_camera(view, placed.to_world((low + high)[None] / 2)[0], placed.rotation)
    return Instance(
        index=index,
        label=placed.model.category,
        role=Role.OBJECT,
        colour=placed.model.colour,
        touched_by=placed.touched_by,
        touches="",
        lifted=placed.lifted,
        visible_pixels=visible,
        full_pixels=full,
        hidden_by_hand=hidden,
        center=center,
        rotation=rotation,
        size=_rounded(high - low),
    )


def _hand(dressed: DressedHand, scene: Scene, index: int, visible: int, full: int) -> Instance:
    """Return a hand's instance; its box holds hand and bare forearm along the axes of the hand's frame."""
    hand = dressed.hand
    left = hand.side is Hands.LEFT
    vertices = np.concatenate([part.mesh.vertices for part in hand_parts(dressed)[0]])
    local = hand.rotation.inv().apply(vertices)
    low, high = local.min(axis=0), local.max(axis=0)
    center, rotation = _in_camera(scene.view, hand.rotation.apply((low + high) / 2), hand.rotation)
    return Instance(
        index=index,
        label=LEFT_HAND_LABEL if left else RIGHT_HAND_LABEL,
        role=Role.LEFT_HAND if left else Role.RIGHT_HAND,
        colour="",
        touched_by=Hands.NONE,
        touches="" if dressed.touches is None else scene.objects[dressed.touches].model.category,
        lifted=False,
        visible_pixels=visible,
        full_pixels=full,
        hidden_by_hand=0.0,
        center=center,
        rotation=rotation,
        size=_rounded(high - low),
    )


Triple = tuple[float, float, float]


def _in_camera(view: Viewpoint, center: Floats, rotation: Rotation) -> tuple[Triple, tuple[Triple, ...]]:
    """Return a pose of the world in the optical frame: centre [m] and the rows of its rotation."""
    rows = view.rotation.T @ rotation.as_matrix()
    return _rounded(view.to_camera(center)[0]), tuple(_rounded(row) for row in rows)


def _rounded(values: Floats) -> Triple:
    x, y, z = (round(float(value), 5) for value in values)
    return x, y, z
