"""Films a staged clip: bodies of hand, thing and moving part are displaced from frame to frame of one MuJoCo model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.clips.motion import Displacement, Moment
from annexe_ros.data.clips.staging import StagedClip
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.build import BACKGROUND, Assembly, BuiltScene, add_lights, hand_parts, set_visuals
from annexe_ros.data.scenes.film import sway
from annexe_ros.data.scenes.objects import Part
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.scenes.scene import PlacedObject
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.viewpoint import Viewpoint

RATE_HZ = 8.0
_SHADOW_MAP = 256
"""Texels of the shadow map's side. A shadow tells whether a thing leaves the surface; at this size it costs little."""
Boxes = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FilmedClip:
    """Frames (T, S, S, 3) RGB uint8 and, per frame, boxes (T, 4) of hand and thing, (left, top, right, bottom) 0..1."""

    frames: NDArray[np.uint8]
    hand_boxes: Boxes
    thing_boxes: Boxes


def film(rng: Generator, renderer: Renderer, clip: StagedClip) -> FilmedClip:
    """Return what the head camera sees, at ``RATE_HZ``; the renderer's pictures must have the size of the clip's."""
    built, bodies = _build(clip)
    opened = renderer.open(built, clip.view)
    frames, hand_boxes, thing_boxes = [], [], []
    phase = rng.uniform(0, 20)
    lens = _Lens(rng)
    try:
        for number, moment in enumerate(clip.moments):
            view = sway(clip.view, phase + number / RATE_HZ)
            for body, move in zip(bodies, (moment.hand, moment.hand, moment.thing, moment.part), strict=False):
                _put(built, body, move)
            opened.settle()
            opened.view = view
            frames.append(lens.photograph(opened.picture()))
            hand_boxes.append(_hand_box(clip, view, moment))
            thing_boxes.append(_box(view, _thing_points(clip, moment)))
    finally:
        opened.close()
    return FilmedClip(np.stack(frames), np.stack(hand_boxes), np.stack(thing_boxes))


class _Lens:
    """One camera's exposure, tint and noise, the same in all frames but for the noise."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._gain = rng.uniform(0.75, 1.3) * (1 + rng.normal(0, 0.04, 3))
        self._gamma, self._grain = rng.uniform(0.8, 1.2), rng.uniform(1, 5)

    def photograph(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        light = np.clip(picture / 255.0 * self._gain, 0, 1) ** self._gamma
        return np.clip(light * 255 + self._rng.normal(0, self._grain, picture.shape), 0, 255).astype(np.uint8)


def _build(clip: StagedClip) -> tuple[BuiltScene, list[int]]:
    """Return the compiled clip and the bodies of hand, sleeve, thing and moving part; they were made in the world."""
    assembly = Assembly()
    set_visuals(assembly.spec, clip.view, clip.lighting)
    assembly.add(clip.surroundings, BACKGROUND)
    for other in clip.others:
        assembly.add(other.model.parts, BACKGROUND, other.position, other.rotation)
    first = len(clip.others) + 2
    skin, sleeve = hand_parts(clip.hand)
    moving = [skin, sleeve, *(_in_world(parts, clip.placed) for parts in (clip.thing.fixed, clip.thing.part))]
    for parts in moving:
        assembly.add(parts, BACKGROUND)
    add_lights(assembly.spec, clip.lighting)
    quality = assembly.spec.visual.quality
    quality.shadowsize, quality.offsamples = _SHADOW_MAP, 0
    model = assembly.spec.compile()
    return BuiltScene(model, np.array(assembly.owners), ()), list(range(first, first + len(moving)))


def _in_world(parts: tuple[Part, ...], placed: PlacedObject) -> list[Part]:
    return [Part(part.mesh.moved(placed.position, placed.rotation), part.look) for part in parts]


def _put(built: BuiltScene, body: int, move: Displacement) -> None:
    built.model.body_pos[body] = move.offset
    built.model.body_quat[body] = move.rotation.as_quat(scalar_first=True)


def _thing_points(clip: StagedClip, moment: Moment) -> Floats:
    fixed = moment.thing(clip.placed.box_corners())
    if not clip.thing.part:
        return fixed
    points = np.concatenate([part.mesh.vertices[::5] for part in clip.thing.part])
    return np.concatenate([fixed, moment.part(clip.placed.to_world(points))])


def _hand_box(clip: StagedClip, view: Viewpoint, moment: Moment) -> Floats:
    hand = clip.hand.hand
    return _box(view, moment.hand(hand.to_world(hand.shape.mesh.vertices[::20])))


def _box(view: Viewpoint, points: Floats) -> Floats:
    pixels, _ = view.pixels(points)
    corners = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]) / view.camera.width
    return np.clip(corners, 0, 1)
