"""Things that a hand can handle in a clip: the generator's objects, and four that open, with the part that moves.

In the thing's own frame: on z = 0, centred, front towards -y, metres. A thing is made closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import Generator, Look, pick_colour, printed, scenery, shade, wood
from annexe_ros.data.scenes.objects import MAKERS, Grip, GripKind, ObjectModel, Part
from annexe_ros.data.scenes.objects.model import Coloured, parts_of
from annexe_ros.data.scenes.shapes import Floats, Mesh, box, cylinder, ellipsoid, rounded_box, turned, vessel


@dataclass(frozen=True, eq=False)
class Joint:
    """How a part moves: about ``axis`` through ``pivot`` by up to ``reach`` [rad], or along it by ``reach`` [m]."""

    axis: Floats
    pivot: Floats
    reach: float
    slides: bool = False

    def turn(self, share: float) -> Rotation:
        """Return the part's rotation at 0 (closed) .. 1 (open)."""
        return Rotation.identity() if self.slides else Rotation.from_rotvec(self.axis * self.reach * share)

    def shift(self, share: float) -> Floats:
        """Return the part's translation (3,) [m] at 0 .. 1."""
        return self.axis * self.reach * share if self.slides else np.zeros(3)

    def moved(self, points: Floats, share: float) -> Floats:
        """Return points (N, 3) of the part where they are at 0 .. 1."""
        return self.turn(share).apply(points - self.pivot) + self.pivot + self.shift(share)


@dataclass(frozen=True, eq=False)
class Thing:
    """An object (with its grips), the parts of it that move, their joint, and the handle that a hand takes to open."""

    model: ObjectModel
    part: tuple[Part, ...] = ()
    joint: Joint | None = None
    handle: Grip | None = None

    @property
    def fixed(self) -> tuple[Part, ...]:
        """The parts that don't move."""
        return tuple(part for part in self.model.parts if part not in self.part)

    def scaled(self, scale: float) -> Thing:
        """Return the thing at another size."""
        shown = replace(self.model, grips=(*self.model.grips, *((self.handle,) if self.handle else ())))
        model = shown.transformed(scale)
        low, high = self.model.bounds
        middle = np.array([*((low + high) / 2)[:2], low[2]])
        places = [self.model.parts.index(part) for part in self.part]
        joint = self.joint
        if joint is not None:
            reach = joint.reach * scale if joint.slides else joint.reach
            joint = replace(joint, pivot=(joint.pivot - middle) * scale, reach=reach)
        return Thing(
            replace(model, grips=model.grips[: len(self.model.grips)]),
            tuple(model.parts[k] for k in places),
            joint,
            model.grips[-1] if self.handle else None,
        )


def make(rng: Generator, noun: str) -> Thing:
    """Return a new thing of one of ``vocabulary.NOUNS``."""
    return OPENING[noun](rng) if noun in OPENING else Thing(MAKERS[noun](rng).transformed())


def _coat(rng: Generator, names: tuple[str, ...]) -> tuple[str, Look]:
    colour = pick_colour(rng, names)
    return colour, Look(shade(rng, colour), specular=float(rng.uniform(0.2, 0.6)))


def _thing(
    noun: str, colour: str, groups: tuple[Coloured, ...], moving: tuple[Coloured, ...], joint: Joint, handle: Grip,
    grips: tuple[Grip, ...],
) -> Thing:  # fmt: skip
    part = parts_of(moving)
    return Thing(ObjectModel(noun, colour, (*parts_of(groups), *part), grips), part, joint, handle)


def _side_grip(width: float, height: float) -> Grip:
    return Grip(GripKind.PINCH, (width / 2, -0.02, height), (1, 0, 0), (0.5, -0.6, 0.8), 0.008, carries=False)


def _laptop(rng: Generator) -> Thing:
    width, depth, thick = rng.uniform(0.27, 0.34), rng.uniform(0.19, 0.24), rng.uniform(0.012, 0.02)
    colour, coat = _coat(rng, ("black", "silver", "silver", "grey", "white", "red", "dark blue", "pink"))
    keys = Look(shade(rng, "black"), specular=0.1)
    screen = Look(texture=scenery(rng, 96) if rng.random() < 0.5 else printed(rng, 96))
    deck = [rounded_box((width, depth, thick), 0.01, (0, 0, thick / 2))]
    keyboard = [box((width * 0.88, depth * 0.46, 0.002), (0, depth * 0.14, thick + 0.001))]
    lid = [rounded_box((width, depth, 0.008), 0.01, (0, 0, thick + 0.007))]
    glass = [box((width * 0.93, depth * 0.88, 0.001), (0, 0, thick + 0.0025))]
    joint = Joint(np.array([-1.0, 0, 0]), np.array([0, depth / 2 - 0.004, thick]), np.radians(rng.uniform(85, 115)))
    edge = (float(rng.uniform(-0.3, 0.3)) * width, -depth / 2, thick + 0.007)
    handle = Grip(GripKind.PINCH, edge, (0, 0, 1), (0, -1, 0.6), 0.006, carries=False)
    grip = Grip(GripKind.PINCH, (width / 2, -depth * 0.2, thick), (0, 0, 1), (0.6, -1, 0.4), 0.012, carries=False)
    return _thing("laptop", colour, ((coat, deck), (keys, keyboard)), ((coat, lid), (screen, glass)), joint, handle,
                  (grip,))  # fmt: skip


def _walls(width: float, depth: float, height: float, wall: float) -> list[Mesh]:
    """Return a box that is open at the front."""
    return [
        box((width, depth, wall), (0, 0, wall / 2)),
        box((width, depth, wall), (0, 0, height - wall / 2)),
        box((wall, depth, height), (-width / 2 + wall / 2, 0, height / 2)),
        box((wall, depth, height), (width / 2 - wall / 2, 0, height / 2)),
        box((width, wall, height), (0, depth / 2 - wall / 2, height / 2)),
    ]


def _safe(rng: Generator) -> Thing:
    width, depth, height = rng.uniform(0.18, 0.26), rng.uniform(0.15, 0.22), rng.uniform(0.16, 0.24)
    colour, coat = _coat(rng, ("grey", "black", "silver", "green", "dark blue", "red", "white", "dark green"))
    metal, dark = Look((0.7, 0.7, 0.72), specular=1.0), Look((0.08, 0.08, 0.09))
    side = 1.0 if rng.random() < 0.5 else -1.0
    front = -depth / 2 - 0.006
    inside = [box((width - 0.03, 0.002, height - 0.03), (0, depth / 2 - 0.018, height / 2))]
    door = [box((width * 0.92, 0.014, height * 0.9), (0, front, height / 2))]
    knob = np.array([side * width * 0.3, front - 0.008, height * 0.5])
    dial = [cylinder(0.022, 0.024, top=0.016).moved(knob, turned("x", 90))]
    pivot = np.array([-side * width * 0.46, front, height / 2])
    joint = Joint(np.array([0, 0, -side]), pivot, np.radians(rng.uniform(70, 105)))
    handle = Grip(GripKind.PINCH, tuple(knob - (0, 0.02, 0)), (1, 0, 0), (0, -1, 0.5), 0.018, carries=False)
    shell = (coat, _walls(width, depth, height, 0.014))
    return _thing("safe", colour, (shell, (dark, inside)), ((coat, door), (metal, dial)), joint, handle,
                  (_side_grip(width, height),))  # fmt: skip


def _storage_furniture(rng: Generator) -> Thing:
    width, depth, height = rng.uniform(0.22, 0.32), rng.uniform(0.17, 0.22), rng.uniform(0.18, 0.26)
    colour, coat = _coat(rng, ("brown", "beige", "white", "grey", "light blue", "pink", "green", "blue", "yellow"))
    if colour in ("brown", "beige"):
        coat = Look(texture=wood(rng, 96), specular=0.2)
    front_look = Look(shade(rng, pick_colour(rng)), specular=0.2) if rng.random() < 0.4 else coat
    rows = int(rng.integers(2, 4))
    cell, front = height / rows, -depth / 2 - 0.006
    carcass = [
        box((width, depth, height), (0, 0, height / 2)),
        box((width * 1.05, depth * 1.05, 0.012), (0, 0, height + 0.006)),
    ]
    fronts = [box((width - 0.012, 0.012, cell - 0.01), (0, front, (k + 0.5) * cell)) for k in range(rows - 1)]
    knobs = [ellipsoid((0.012, 0.010, 0.012), (0, front - 0.014, (k + 0.5) * cell), 8) for k in range(rows)]
    top = (rows - 0.5) * cell
    drawer = [
        box((width - 0.012, 0.012, cell - 0.01), (0, front, top)),
        box((width - 0.03, depth - 0.02, 0.004), (0, 0, top - cell * 0.35)),
        *(box((0.005, depth - 0.02, cell * 0.6), (s * (width / 2 - 0.02), 0, top - cell * 0.05)) for s in (-1, 1)),
    ]
    joint = Joint(np.array([0, -1.0, 0]), np.zeros(3), float(rng.uniform(0.09, 0.14)), slides=True)
    knob = (0.0, front - 0.02, top)
    handle = Grip(GripKind.PINCH, knob, (0, 0, 1), (0, -1, 0.5), 0.011, carries=False)
    metal = Look((0.65, 0.65, 0.67), specular=1.0)
    fixed = ((coat, carcass), (front_look, fronts), (metal, knobs[:-1]))
    return _thing("storage furniture", colour, fixed, ((front_look, drawer), (metal, knobs[-1:])), joint, handle,
                  (_side_grip(width, height),))  # fmt: skip


def _trash_can(rng: Generator) -> Thing:
    height, radius = rng.uniform(0.18, 0.26), rng.uniform(0.08, 0.11)
    colour, coat = _coat(rng, ("white", "grey", "black", "blue", "green", "pink", "beige", "silver", "red"))
    base = radius * rng.uniform(0.78, 0.95)
    body = [vessel([(base, 0), (radius, height)], 0.003, 30)]
    lid = [cylinder(radius * 1.04, 0.012, 30).moved((0, 0, height)),
           ellipsoid((radius, radius, 0.022), (0, 0, height + 0.012))]  # fmt: skip
    lid_look = Look(shade(rng, pick_colour(rng, (colour, "black", "grey"))), specular=0.3)
    joint = Joint(np.array([-1.0, 0, 0]), np.array([0, radius, height]), np.radians(rng.uniform(65, 95)))
    edge = (0.0, -radius * 1.02, height + 0.006)
    handle = Grip(GripKind.PINCH, edge, (0, 0, 1), (0, -1, 0.5), 0.008, carries=False)
    grip = Grip(GripKind.PINCH, (radius, 0, height), (1, 0, 0), (0.4, -0.3, 1), 0.008, carries=False)
    return _thing("trash can", colour, ((coat, body),), ((lid_look, lid),), joint, handle, (grip,))


OPENING: Mapping[str, Callable[[Generator], Thing]] = {
    "laptop": _laptop,
    "safe": _safe,
    "storage furniture": _storage_furniture,
    "trash can": _trash_can,
}
"""Makers of the nouns that open."""
