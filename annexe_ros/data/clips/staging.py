"""Arranges a clip: a stage, a thing within reach, a hand that has hold of it, the motion, and a few other objects.

Knows nothing of rendering. The hand and arm are posed once and then move as one: forearms reach far out of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands
from annexe_ros.data.clips.motion import Hold, Moment, moments
from annexe_ros.data.clips.things import Joint, Thing, make
from annexe_ros.data.clips.vocabulary import NOUNS
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.arms import sample_sleeve, skin_look, skin_tone
from annexe_ros.data.scenes.combos import SURFACES
from annexe_ros.data.scenes.grasp import PosedHand, sample_arm_end, take_hold
from annexe_ros.data.scenes.lighting import Lighting, sample_lighting
from annexe_ros.data.scenes.objects import Grip
from annexe_ros.data.scenes.placement import Clearing, sample_object
from annexe_ros.data.scenes.scene import DressedHand, PlacedObject
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.surfaces import Ground, furnish, sample_ground
from annexe_ros.data.scenes.viewpoint import Viewpoint, sample_viewpoint

_HELD_CLEAR = ("pour", "shake", "turn over")
"""Verbs that begin with the thing in the air."""
_PITCH = (28.0, 66.0)
"""From higher above, lifting is only a growing picture; from lower, pushing is only a shrinking one."""
_OUTLINE = (0.035, 0.16)
"""Share of the picture that the thing's outline covers."""
_TRIES = 12
_ARM_BEYOND = 0.45
_MARGIN = 0.02


@dataclass(frozen=True, eq=False)
class StagedClip:
    """Everything that a renderer needs: the stage, the handled thing in the world, the hand, and their moments."""

    view: Viewpoint
    ground: Ground
    surroundings: tuple
    others: tuple[PlacedObject, ...]
    thing: Thing
    placed: PlacedObject
    hand: DressedHand
    moments: tuple[Moment, ...]
    lighting: Lighting


def stage(rng: Generator, verb: str, noun: str, size: int) -> StagedClip | None:
    """Return a clip of square pictures of ``size`` pixels, or None if these dice found no room."""
    ground = sample_ground(rng, SURFACES[int(rng.integers(len(SURFACES)))])
    view = _viewpoint(rng, size, ground)
    side = Hands.RIGHT if rng.random() < 0.6 else Hands.LEFT
    for _ in range(_TRIES):
        found = _handled(rng, verb, noun, side, ground, view)
        if found is not None:
            thing, placed, hand, shown = found
            others = _others(rng, noun, ground, view, placed, hand, shown)
            lighting = replace(sample_lighting(rng), stripes=None, patch=None)
            dressed = _dressed(rng, hand)
            return StagedClip(view, ground, furnish(rng, ground), others, thing, placed, dressed, shown, lighting)
    return None


def _viewpoint(rng: Generator, size: int, ground: Ground) -> Viewpoint:
    """Return a view from a middling height, narrower than a scene's: the pictures are small."""
    while True:
        view = sample_viewpoint(rng, size, size, ground.floor == 0.0)
        if _PITCH[0] < view.pitch_deg < _PITCH[1]:
            closer = float(rng.uniform(1.15, 1.4))
            camera = replace(view.camera, fx=view.camera.fx * closer, fy=view.camera.fx * closer)
            return replace(view, camera=camera)


def _handled(
    rng: Generator, verb: str, noun: str, side: Hands, ground: Ground, view: Viewpoint
) -> tuple[Thing, PlacedObject, PosedHand, tuple[Moment, ...]] | None:
    """Return the thing, where it is, the hand that holds it and their motion, all in view; None if that fails."""
    thing = make(rng, noun)
    placed = _placed(rng, verb, thing, ground, view)
    if placed is None:
        return None
    thing, place = placed
    grip = place.grip(_grip(rng, verb, thing))
    hand = _take(rng, side, grip, view)
    if hand is None:
        return None
    shown = tuple(moments(rng, verb, _hold(rng, verb, thing, place, grip, hand, view)))
    return (thing, place, hand, shown) if _stays_in_view(view, place, hand, shown) else None


def _placed(
    rng: Generator, verb: str, thing: Thing, ground: Ground, view: Viewpoint
) -> tuple[Thing, PlacedObject] | None:
    """Return the thing, scaled to be well seen, and its place on the surface or above it."""
    at = view.on_plane(rng.uniform((0.3, 0.4), (0.7, 0.75)) * view.camera.width)
    if at is None or np.linalg.norm(at - view.position) > 1.2:
        return None
    turn = _heading(rng, thing, at, view)
    wanted = rng.uniform(*_OUTLINE)
    share = view.outline_share(PlacedObject(thing.model, at, turn).box_corners())
    scale = float(np.sqrt(wanted / max(share, 1e-3)))
    if not 0.45 < scale < 1.7:
        return None
    thing = thing.scaled(scale)
    placed = PlacedObject(thing.model, at, turn)
    if verb not in _HELD_CLEAR and not ground.holds(placed.box_corners()[:, :2]):
        return None
    lift = rng.uniform(0.10, 0.2) if verb in _HELD_CLEAR else rng.uniform(0.03, 0.06) if verb == "cut" else 0.0
    return thing, replace(placed, position=at + np.array([0, 0, lift]))


def _heading(rng: Generator, thing: Thing, at: Floats, view: Viewpoint) -> Rotation:
    if thing.joint is None:
        return Rotation.from_euler("z", rng.uniform(-np.pi, np.pi))
    towards = view.position[:2] - at[:2]
    return Rotation.from_euler("z", np.arctan2(towards[1], towards[0]) + np.pi / 2 + np.radians(rng.normal(0, 25)))


def _grip(rng: Generator, verb: str, thing: Thing) -> Grip:
    if verb in ("open", "close") and thing.handle is not None:
        return thing.handle
    grips = [grip for grip in thing.model.grips if grip.carries] or list(thing.model.grips)
    return grips[int(rng.integers(len(grips)))]


def _take(rng: Generator, side: Hands, grip: Grip, view: Viewpoint) -> PosedHand | None:
    """Return a hand at a grip, its arm drawn out far beyond the picture."""
    end = sample_arm_end(rng, side, np.asarray(grip.point), view)
    hand = None if end is None else take_hold(rng, side, grip, end, float(rng.uniform(0.92, 1.08)))
    if hand is None:
        return None
    onwards = hand.arm[-1] - hand.arm[-3]
    onwards /= np.linalg.norm(onwards)
    beyond = hand.arm[-1] + np.linspace(0, _ARM_BEYOND, 8)[1:, None] * onwards
    return replace(hand, arm=np.concatenate([hand.arm, beyond]))


def _hold(
    rng: Generator, verb: str, thing: Thing, place: PlacedObject, grip: Grip, hand: PosedHand, view: Viewpoint
) -> Hold:
    point = np.asarray(grip.point)
    forearm = hand.arm[-1] - point
    ahead = view.rotation[:, 2] * (1, 1, 0)
    outward = np.asarray(grip.outward) / np.linalg.norm(grip.outward)
    away = 0.10 * outward + 0.10 * forearm / np.linalg.norm(forearm) + (0, 0, 0.05)
    along = place.rotation.apply([1.0, 0.0, 0.0]) * (1, 1, 0)
    opened = float(rng.uniform(0, 1)) if rng.random() < 0.5 else 0.0
    return Hold(
        point, away, forearm / np.linalg.norm(forearm), ahead / np.linalg.norm(ahead), along / np.linalg.norm(along),
        _in_world(thing.joint, place), opened,
    )  # fmt: skip


def _in_world(joint: Joint | None, place: PlacedObject) -> Joint | None:
    if joint is None:
        return None
    return replace(joint, axis=place.rotation.apply(joint.axis), pivot=place.to_world(joint.pivot[None])[0])


def _stays_in_view(view: Viewpoint, place: PlacedObject, hand: PosedHand, shown: Sequence[Moment]) -> bool:
    """Return whether the thing's middle stays well inside the picture, and the hand isn't lost for long."""
    middle, corners = place.box_corners().mean(axis=0, keepdims=True), place.box_corners()
    palm = hand.to_world(np.array([[0.07, 0.0, -0.01]]))
    size = view.camera.width
    middles = np.concatenate([view.pixels(moment.thing(middle))[0] for moment in shown]) / size
    palms = np.concatenate([view.pixels(moment.hand(palm))[0] for moment in shown]) / size
    outer = np.concatenate([view.pixels(moment.thing(corners))[0] for moment in (shown[0], shown[-1])]) / size
    nearest = min(view.pixels(moment.thing(corners))[1].min() for moment in shown)
    inside = ((palms > 0) & (palms < 1)).all(axis=1)
    near_enough = (middles > 0.12).all() and (middles < 0.88).all()
    whole = ((outer > -_MARGIN) & (outer < 1 + _MARGIN)).all(axis=1).mean() > 0.75
    return bool(near_enough and whole and nearest > 0.15 and inside.mean() > 0.7)


def _others(
    rng: Generator, noun: str, ground: Ground, view: Viewpoint, placed: PlacedObject, hand: PosedHand,
    shown: Sequence[Moment],
) -> tuple[PlacedObject, ...]:  # fmt: skip
    """Return up to two objects that nothing happens to, clear of where the thing goes."""
    taken = [placed, *(_displaced(placed, moment) for moment in (shown[0], shown[7], shown[-1]))]
    clearing = Clearing(ground, view, taken, [hand])
    names = [name for name in rng.permutation(NOUNS) if name != noun][: int(rng.integers(0, 3))]
    found = [clearing.add_object(rng, sample_object(rng, str(name), ground.floor == 0.0)) for name in names]
    return tuple(other for other in found if other is not None)


def _displaced(placed: PlacedObject, moment: Moment) -> PlacedObject:
    position = moment.thing(placed.position[None])[0]
    return replace(placed, position=position, rotation=moment.thing.rotation * placed.rotation)


def _dressed(rng: Generator, hand: PosedHand) -> DressedHand:
    skin, girth = skin_look(rng, skin_tone(rng)), float(rng.uniform(0.85, 1.12))
    return DressedHand(hand, 0, skin, sample_sleeve(rng), girth, None)
