"""Takes stock of a rendered scene: pixels, hidden shares and poses of every instance, and whether the scene will do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import LEFT_HAND_LABEL, RIGHT_HAND_LABEL, Hands, Role
from annexe_ros.data.scenes.build import BuiltScene, hand_parts
from annexe_ros.data.scenes.layout import DressedHand, PlacedObject, Scene
from annexe_ros.data.scenes.render import OpenScene, Rendering
from annexe_ros.data.scenes.truth import Instance, SceneTruth
from annexe_ros.data.scenes.viewpoint import Viewpoint

MIN_SHARE = 40 / (320 * 240)
"""An instance with a smaller share of the image is not in view."""
TOUCHED_SHARE = (0.003, 0.15)
"""Bounds of a touched object's visible share of the image."""


def survey(
    opened: OpenScene, built: BuiltScene, scene: Scene, name: str, seed: int
) -> tuple[Rendering, SceneTruth] | None:
    """Return the rendering, in whose mask instances are numbered as in the truth, and the truth.

    None if the picture doesn't show what was planned: all hands and objects in view, touched ones in bounds.
    """
    mask, _ = opened.segment()
    counts = np.bincount(mask.ravel(), minlength=built.owners.max() + 1)
    if not _all_in_view(counts / mask.size, scene):
        return None
    shown = list(range(1, len(counts)))
    hand_pixels = np.isin(mask, built.hand_indices)
    instances = []
    for owner in shown:
        full = opened.segment(only=owner)[0] == owner
        instance = _describe(scene, owner)
        hidden = (full & hand_pixels).sum() / max(full.sum(), 1) if instance.role is Role.OBJECT else 0.0
        instances.append(
            replace(
                instance,
                visible_pixels=int(counts[owner]),
                full_pixels=int(full.sum()),
                hidden_by_hand=round(float(hidden), 4),
            )
        )
    if not all(item.visible_pixels > 0.35 * item.full_pixels for item in instances if item.touched_by):
        return None
    truth = SceneTruth(
        name, seed, scene.view.camera, round(scene.view.pitch_deg, 3), scene.ground.kind, tuple(instances)
    )
    return opened.render(), truth


def _all_in_view(shares: NDArray, scene: Scene) -> bool:
    """Return whether every instance covers a fitting share of the image; ``shares`` is indexed like the mask."""
    touched = [k + 1 for k, placed in enumerate(scene.objects) if placed.touched_by]
    hands = shares[len(scene.objects) + 1 :]
    in_bounds = (shares[touched] > TOUCHED_SHARE[0]) & (shares[touched] < TOUCHED_SHARE[1])
    return bool((shares[1:] >= MIN_SHARE).all() and in_bounds.all() and (hands > 0.004).all() and (hands < 0.25).all())


def _describe(scene: Scene, owner: int) -> Instance:
    """Return an instance without its pixel counts."""
    count = len(scene.objects)
    if owner <= count:
        return _object(scene.objects[owner - 1], owner, scene.view)
    return _hand(scene.hands[owner - count - 1], owner, scene)


def _object(placed: PlacedObject, index: int, view: Viewpoint) -> Instance:
    low, high = placed.model.bounds
    center = placed.to_world((low + high)[None] / 2)[0]
    return Instance(
        index, placed.model.category, Role.OBJECT, placed.model.colour, placed.touched_by, "", placed.lifted, 0, 0, 0.0,
        _vector(view.to_camera(center)[0]), _matrix(view.rotation.T @ placed.rotation.as_matrix()), _vector(high - low),
    )  # fmt: skip


def _hand(dressed: DressedHand, index: int, scene: Scene) -> Instance:
    hand = dressed.hand
    left = hand.side is Hands.LEFT
    vertices = np.concatenate([part.mesh.vertices for part in hand_parts(dressed)[0]])
    local = hand.rotation.inv().apply(vertices - hand.position)
    low, high = local.min(axis=0), local.max(axis=0)
    center = hand.rotation.apply((low + high) / 2) + hand.position
    touches = scene.objects[dressed.touches].model.category if dressed.touches is not None else ""
    return Instance(
        index, LEFT_HAND_LABEL if left else RIGHT_HAND_LABEL, Role.LEFT_HAND if left else Role.RIGHT_HAND, "", Hands.NONE,
        touches, False, 0, 0, 0.0,
        _vector(scene.view.to_camera(center)[0]), _matrix(scene.view.rotation.T @ hand.rotation.as_matrix()), _vector(high - low),
    )  # fmt: skip


def _vector(values: NDArray) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 5) for value in values)
    return x, y, z


def _matrix(values: NDArray) -> tuple[tuple[float, float, float], ...]:
    return tuple(_vector(row) for row in values)
