"""What a hand and a thing do in time, as rigid displacements from where they were posed. Pure geometry.

Each verb has one motion; those whose film backwards is another verb's are made only once and played backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.clips.things import Joint
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.shapes import Floats

UP = np.array([0.0, 0.0, 1.0])
FRAMES = 16


@dataclass(frozen=True, eq=False)
class Displacement:
    """A turn about a pivot (3,) [m], then a translation (3,) [m]; by default nothing."""

    translation: Floats = field(default_factory=lambda: np.zeros(3))
    rotation: Rotation = field(default_factory=Rotation.identity)
    pivot: Floats = field(default_factory=lambda: np.zeros(3))

    def __call__(self, points: Floats) -> Floats:
        """Return points (N, 3) displaced."""
        return self.rotation.apply(points - self.pivot) + self.pivot + self.translation

    @property
    def offset(self) -> Floats:
        """Where the world's origin goes (3,) [m]."""
        return self(np.zeros((1, 3)))[0]


REST = Displacement()


@dataclass(frozen=True, eq=False)
class Moment:
    """Where hand, thing and the thing's moving part are, and whether the hand has hold of the thing."""

    hand: Displacement
    thing: Displacement
    part: Displacement
    holds: bool


@dataclass(frozen=True, eq=False)
class Hold:
    """A posed hand's hold of a thing, in the world.

    Attributes:
        point: (3,) what the hand holds [m].
        away: (3,) the way and distance by which an empty hand comes and goes [m].
        forearm: (3,) unit direction from ``point`` to the elbow.
        ahead: (3,) horizontal unit direction away from the wearer.
        along: (3,) horizontal unit direction of a tool's blade.
        joint: of the moving part, in the world; None for a thing that doesn't open.
        opened: how far (0 .. 1) the part is open where the verb leaves it alone.
    """

    point: Floats
    away: Floats
    forearm: Floats
    ahead: Floats
    along: Floats
    joint: Joint | None = None
    opened: float = 0.0


def moments(rng: Generator, verb: str, hold: Hold) -> list[Moment]:
    """Return ``FRAMES`` moments of a verb, evenly spaced in time; sizes and timing are drawn."""
    backwards = verb in BACKWARDS
    motion = _MOTIONS[BACKWARDS.get(verb, verb)](rng, hold)
    start, end = rng.uniform(0.0, 0.1), rng.uniform(0.9, 1.0)
    times = np.clip((np.linspace(0, 1, FRAMES) - start) / (end - start), 0, 1)
    shown = [motion(float(time)) for time in times]
    return shown[::-1] if backwards else shown


Motion = Callable[[float], Moment]
BACKWARDS = {"put down": "pick up", "pull": "push", "close": "open", "lower": "lift"}
"""Verbs that are shown as another's motion backwards."""


def _ramp(time: float, start: float, end: float) -> float:
    """Return 0 before ``start``, 1 after ``end``, and a smooth step between."""
    share = float(np.clip((time - start) / (end - start), 0, 1))
    return share * share * (3 - 2 * share)


def _together(hold: Hold, move: Displacement, hand: Displacement | None = None, holds: bool = True) -> Moment:
    """Return the moment at which thing and part move as one."""
    part = move if hold.joint is None else _composed(_opened(hold.joint, hold.opened), move)
    return Moment(move if hand is None else hand, move, part, holds)


def _opened(joint: Joint, share: float) -> Displacement:
    return Displacement(joint.shift(share), joint.turn(share), joint.pivot)


def _composed(first: Displacement, then: Displacement) -> Displacement:
    rotation = then.rotation * first.rotation
    return Displacement(then(first.offset[None])[0], rotation)


def _shifted(move: Displacement, by: Floats) -> Displacement:
    return replace(move, translation=move.translation + by)


def _pick_up(rng: Generator, hold: Hold) -> Motion:
    rise = UP * rng.uniform(0.10, 0.20) - hold.ahead * rng.uniform(-0.03, 0.06)
    touch = rng.uniform(0.35, 0.5)

    def at(time: float) -> Moment:
        move = Displacement(rise * _ramp(time, touch + 0.05, 1))
        hand = _shifted(move, hold.away * (1 - _ramp(time, 0, touch)))
        return _together(hold, move, hand, holds=time >= touch)

    return at


def _push(rng: Generator, hold: Hold) -> Motion:
    way = hold.ahead * rng.uniform(0.13, 0.22)
    touch, leave = rng.uniform(0.15, 0.25), rng.uniform(0.75, 0.85)

    def at(time: float) -> Moment:
        move = Displacement(way * _ramp(time, touch, leave))
        gone = 1 - _ramp(time, 0, touch) + _ramp(time, leave, 1)
        return _together(hold, move, _shifted(move, 0.7 * hold.away * gone), holds=touch <= time <= leave)

    return at


def _open(rng: Generator, hold: Hold) -> Motion:
    touch, leave = rng.uniform(0.2, 0.3), rng.uniform(0.85, 1.0)
    joint = hold.joint
    if joint is None:
        raise ValueError("a thing without a joint can't be opened")

    def at(time: float) -> Moment:
        share = _ramp(time, touch, leave)
        way = joint.moved(hold.point[None], share)[0] - hold.point
        hand = Displacement(way + hold.away * (1 - _ramp(time, 0, touch)))
        return Moment(hand, REST, _opened(joint, share), holds=time >= touch)

    return at


def _lift(rng: Generator, hold: Hold) -> Motion:
    rise = UP * rng.uniform(0.12, 0.22) + hold.ahead * rng.uniform(-0.03, 0.03)
    return lambda time: _together(hold, Displacement(rise * _ramp(time, 0, 1)))


def _pour(rng: Generator, hold: Hold) -> Motion:
    tilt = np.radians(rng.uniform(75, 110)) * rng.choice([-1.0, 1.0])
    rise = UP * rng.uniform(0.0, 0.04)

    def at(time: float) -> Moment:
        share = _ramp(time, 0, 0.4) - _ramp(time, 0.65, 1)
        return _together(
            hold, Displacement(rise * share, Rotation.from_rotvec(hold.forearm * tilt * share), hold.point)
        )

    return at


def _turn_over(rng: Generator, hold: Hold) -> Motion:
    sense = rng.choice([-1.0, 1.0])

    def at(time: float) -> Moment:
        turn = Rotation.from_rotvec(hold.forearm * np.pi * sense * _ramp(time, 0.05, 0.95))
        return _together(hold, Displacement(UP * 0.03 * np.sin(np.pi * time), turn, hold.point))

    return at


def _cut(rng: Generator, hold: Hold) -> Motion:
    stroke, strokes, sink = rng.uniform(0.035, 0.06), rng.uniform(2.0, 3.0), rng.uniform(0.0, 0.03)

    def at(time: float) -> Moment:
        way = hold.along * stroke * np.sin(2 * np.pi * strokes * time) - UP * sink * time
        return _together(hold, Displacement(way))

    return at


def _shake(rng: Generator, hold: Hold) -> Motion:
    swing, swings = rng.uniform(0.03, 0.06), rng.uniform(2.0, 3.5)
    across = np.cross(hold.ahead, UP)
    way = UP * rng.uniform(0.6, 1.0) + across * rng.uniform(-0.4, 0.4)

    def at(time: float) -> Moment:
        wave = np.sin(2 * np.pi * swings * time)
        turn = Rotation.from_rotvec(hold.forearm * 0.3 * wave)
        return _together(hold, Displacement(way * swing * wave, turn, hold.point))

    return at


_MOTIONS: Mapping[str, Callable[[Generator, Hold], Motion]] = {
    "pick up": _pick_up,
    "push": _push,
    "open": _open,
    "lift": _lift,
    "pour": _pour,
    "turn over": _turn_over,
    "cut": _cut,
    "shake": _shake,
}
