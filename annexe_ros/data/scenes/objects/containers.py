"""Buckets, trash cans, safes and storage furniture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import COLOURS, Generator, Look, pick_colour, printed, shade, wood
from annexe_ros.data.scenes.objects.model import Coloured, Grip, GripKind, ObjectModel, Vector, parts_of
from annexe_ros.data.scenes.objects.tableware import band, curve
from annexe_ros.data.scenes.objects.tools import steel
from annexe_ros.data.scenes.shapes import (
    Floats,
    Mesh,
    arc,
    box,
    cylinder,
    ellipsoid,
    ring,
    rounded_box,
    tube,
    turned,
    vessel,
)

TRASH_CAN_COLOURS = (
    "white", "white", "grey", "black", "blue", "green", "pink", "beige", "silver", "red", "light blue", "brown",
)  # fmt: skip
SAFE_COLOURS = (
    "grey", "black", "silver", "green", "dark blue", "red", "white", "dark green", "pink", "yellow", "blue",
)  # fmt: skip
SAFE_WALL = 0.014
"""Thickness of a safe's walls [m]."""


def sticker(rng: Generator, radius: float, low: float, high: float) -> Coloured:
    """Return a printed label on the front of a round wall."""
    label = band(radius, low, high, rng.uniform(25, 60)).moved(rotation=turned("z", rng.uniform(-40, 40)))
    return Look(texture=printed(rng), specular=0.1), [label]


def bucket(rng: Generator) -> ObjectModel:
    """Return a bucket: a pail wider at the top, a rolled rim, and a bail that hangs or stands."""
    height, radius = rng.uniform(0.15, 0.24), rng.uniform(0.085, 0.125)
    base = radius * rng.uniform(0.68, 0.82)
    colour = pick_colour(rng)
    coat = Look(shade(rng, colour), specular=float(rng.uniform(0.2, 0.7)))
    body = vessel(curve([(base, 0), (base * 1.02, 0.01), (radius, height)], 12), 0.004, 36)
    rim = ring(radius, 0.005, 30).moved((0, 0, height))
    lean = rng.uniform(-75, 75)
    bail = tube(arc((radius * 1.04, radius * 1.15), 0, 180, 22), 0.0035).moved((0, 0, height * 0.93), turned("x", lean))
    grip_piece = tube(np.array([[-0.04, 0, 0], [0.04, 0, 0]]), 0.008).moved((0, 0, radius * 1.14))
    grip_piece = grip_piece.moved((0, 0, height * 0.93), turned("x", lean))
    lugs = [cylinder(0.012, 0.008).moved((s * radius * 1.0, 0, height * 0.93), turned("y", s * 90)) for s in (1, -1)]
    groups = [(coat, [body, rim, *lugs]), (steel(rng), [bail]), (Look(shade(rng, pick_colour(rng))), [grip_piece])]
    if rng.random() < 0.4:
        groups.append(sticker(rng, radius * 0.95, height * 0.35, height * 0.7))
    top = turned("x", lean).apply([0, 0, radius * 1.14]) + np.array([0, 0, height * 0.93])
    grips = (
        Grip(GripKind.WRAP, tuple(top), (1, 0, 0), (0, 0, 1), 0.008),
        Grip(GripKind.WRAP, tuple(top), (1, 0, 0), (0, 0, 1), 0.008),
        Grip(GripKind.PINCH, (0, -radius, height), (0, 1, 0), (0, -0.3, 1), 0.006),
        Grip(GripKind.PINCH, (radius, 0, height), (1, 0, 0), (0.3, 0, 1), 0.006),
    )
    return ObjectModel("bucket", colour, parts_of(groups), grips)


def trash_can(rng: Generator) -> ObjectModel:
    """Return a trash can: with a bag, with a swing lid under a dome, or with a flat lid and pedal."""
    height, radius = rng.uniform(0.20, 0.30), rng.uniform(0.08, 0.115)
    base = radius * rng.uniform(0.78, 0.95)
    colour = pick_colour(rng, TRASH_CAN_COLOURS)
    coat = Look(shade(rng, colour), specular=float(rng.uniform(0.2, 0.6)))
    body = vessel(curve([(base, 0), (base * 1.01, 0.008), (radius, height)], 12), 0.003, 36)
    groups: list[Coloured] = [(coat, [body])]
    style = rng.random()
    front = Grip(GripKind.PINCH, (0, -radius, height), (0, 1, 0), (0, -0.2, 1), 0.006)
    side = Grip(GripKind.PINCH, (radius, 0, height), (1, 0, 0), (0.2, 0, 1), 0.006)
    if style < 0.45:
        groups += _swing_top(rng, radius, height, coat, colour)
        front = Grip(GripKind.PINCH, (0, -radius * 0.95, height + 0.012), (0, 1, 0), (0, -0.4, 1), 0.01)
        side = replace(side, outward=(0.6, 0, 1), radius=0.01)
    elif style < 0.65:
        lid, front = _flat_lid(rng, radius, height, colour)
        pedal = rounded_box((0.05, 0.04, 0.01), 0.008, (0, -base - 0.015, 0.01))
        groups += [lid, (Look(shade(rng, "black")), [pedal])]
    else:
        groups.append(_bag(rng, radius, height))
    if rng.random() < 0.5:
        groups.append(sticker(rng, radius * 0.97, height * 0.35, height * 0.65))
    return ObjectModel("trash can", colour, parts_of(groups), (front, side))


def _flat_lid(rng: Generator, radius: float, height: float, colour: str) -> tuple[Coloured, Grip]:
    """Return a lid opened at some angle, and the pinch of its front edge."""
    opened = rng.uniform(0, 80)
    turn, hinge = turned("x", -opened), np.array([0, radius, height])
    lid = [cylinder(radius * 1.04, 0.012), ellipsoid((radius, radius, 0.02), (0, 0, 0.012))]
    placed = [mesh.moved((0, -radius, 0)).moved(hinge, turn) for mesh in lid]
    look = Look(shade(rng, pick_colour(rng, (colour, colour, "black", "grey"))))
    edge = tuple(turn.apply([0, -2 * radius, 0.006]) + hinge)
    normal, outward = tuple(turn.apply([0, 0, 1])), tuple(turn.apply([0, -1, 0]))
    return (look, placed), Grip(GripKind.PINCH, edge, normal, outward, 0.01, carries=False)


def _bag(rng: Generator, radius: float, height: float) -> Coloured:
    """Return the hem of a bag, folded over the rim."""
    look = Look(shade(rng, pick_colour(rng, ("white", "black", "light blue", "grey", "green"))), specular=0.6)
    hem = vessel([(radius * 1.03, 0), (radius * 1.04, 0.05), (radius * 1.0, 0.058)], 0.012, 30)
    return look, [hem.moved((0, 0, height - 0.05))]


def _swing_top(rng: Generator, radius: float, height: float, coat: Look, colour: str) -> list[Coloured]:
    """Return a collar and a dome-shaped flap that swings about x, with an orange or grey thumb plate at times."""
    collar = vessel([(radius * 1.04, 0), (radius * 1.03, 0.02), (radius * 0.93, 0.045)], 0.008, 36).moved(
        (0, 0, height - 0.005)
    )
    swing = rng.uniform(-20, 75)
    angle = np.linspace(0, np.pi / 2, 10)
    dome = vessel(np.stack([radius * 0.95 * np.cos(angle), radius * 0.6 * np.sin(angle)], -1)[:-1], 0.003, 36)
    half = dome.vertices[:, 1] > -radius * 0.05
    faces = dome.faces[half[dome.faces].all(axis=1)] if rng.random() < 0.7 else dome.faces
    flap = Mesh(dome.vertices, faces, dome.uv).moved((0, 0, height + 0.02), turned("x", -swing * 0.4))
    plate = ellipsoid((0.035, 0.015, 0.006), (0, radius * 0.45, radius * 0.55)).moved(
        (0, 0, height + 0.02), turned("x", -swing * 0.4)
    )
    accent = Look(shade(rng, pick_colour(rng, ("orange", "grey", "blue", colour))), specular=0.4)
    return [(coat, [collar, flap]), (accent, [plate])]


def safe(rng: Generator) -> ObjectModel:
    """Return a safe: a heavy box, a door in its frame, hinges, a dial or keypad and a lever."""
    width, depth, height = rng.uniform(0.17, 0.28), rng.uniform(0.15, 0.24), rng.uniform(0.15, 0.26)
    colour = pick_colour(rng, SAFE_COLOURS)
    coat = Look(shade(rng, colour), specular=0.4)
    opened = 0.0 if rng.random() < 0.6 else rng.uniform(15, 100)
    side = 1 if rng.random() < 0.5 else -1
    metal = steel(rng)
    door = _door(rng, side, width - 2 * SAFE_WALL - 0.004, height - 2 * SAFE_WALL - 0.004)
    hinge, turn = np.array([-side * (width / 2 - SAFE_WALL), -depth / 2, height / 2]), turned("z", -side * opened)
    accent = Look(shade(rng, pick_colour(rng, (colour, colour, "silver", "grey", "black"))), specular=0.4)
    light = Look(shade(rng, "white"))
    looks = (coat, accent, Look(shade(rng, "black")) if door.keys else metal, metal, light)
    meshes = ([door.plate], [door.frame], door.dial, door.lever, door.keys)
    placed = [[mesh.moved(hinge, turn) for mesh in group] for group in meshes]
    shell, inside = _safe_body(width, depth, height)
    groups = [(coat, shell), (Look((0.10, 0.10, 0.11)), [inside]), *zip(looks, placed, strict=True)]
    closed = Grip(GripKind.PRESS, (0, 0, height), (0, 0, 1), (0, -1, 1), 0.02, carries=False)
    lever, dial, edge = _door_grips(door, hinge, turn)
    return ObjectModel("safe", colour, parts_of(groups), (lever, dial, edge if opened else closed))


def _safe_body(width: float, depth: float, height: float) -> tuple[list[Mesh], Mesh]:
    """Return five walls, open to the front, and the dark back that one sees through an open door."""
    wall = SAFE_WALL
    walls = [
        box((width, depth, wall), (0, 0, wall / 2)),
        box((width, depth, wall), (0, 0, height - wall / 2)),
        box((wall, depth, height), (-width / 2 + wall / 2, 0, height / 2)),
        box((wall, depth, height), (width / 2 - wall / 2, 0, height / 2)),
        box((width, wall, height), (0, depth / 2 - wall / 2, height / 2)),
    ]
    back = box((width - 2 * wall, 0.002, height - 2 * wall), (0, depth / 2 - wall - 0.002, height / 2))
    return walls, back


@dataclass(frozen=True)
class _Door:
    """A safe's closed door with its hinge at the origin; ``edge`` is the end that opens [m]."""

    plate: Mesh
    frame: Mesh
    dial: list[Mesh]
    lever: list[Mesh]
    keys: list[Mesh]
    dial_at: Floats
    lever_at: Floats
    edge: float


def _door(rng: Generator, side: int, width: float, height: float) -> _Door:
    """Return a door with a dial or, in half of the cases, a keypad of twelve keys; ``side`` is where it opens (x)."""
    dial_at = np.array([side * width * rng.uniform(0.4, 0.6), -0.008, height * rng.uniform(0.02, 0.18)])
    dial = [
        mesh.moved(dial_at, turned("x", 90)) for mesh in (cylinder(0.024, 0.010, top=0.020), cylinder(0.010, 0.022))
    ]
    lever_at = np.array([side * width * 0.8, -0.02, -height * 0.12])
    lever = [
        tube(np.array([[-0.028, 0, 0], [0.028, 0, 0]]), 0.006).moved(lever_at, turned("y", rng.uniform(0, 90))),
        cylinder(0.007, 0.018).moved(lever_at + np.array([0, 0.016, 0]), turned("x", 90)),
    ]
    keys: list[Mesh] = []
    if rng.random() < 0.5:
        dial = [box((0.05, 0.006, 0.055), dial_at)]
        places = [np.array([0.015 * (k % 3 - 1), -0.004, 0.013 * (k // 3) - 0.018]) for k in range(12)]
        keys = [box((0.010, 0.003, 0.008), dial_at + place) for place in places]
    plate = box((width, 0.014, height), (side * width / 2, 0.002, 0))
    frame = box((width * 0.84, 0.004, height * 0.84), (side * width / 2, -0.007, 0))
    return _Door(plate, frame, dial, lever, keys, dial_at, lever_at, side * width)


def _door_grips(door: _Door, hinge: Floats, turn: Rotation) -> tuple[Grip, Grip, Grip]:
    """Return pinches of lever, dial and edge of a door that is turned about its hinge."""

    def pinch(point: Floats, axis: Vector, outward: Floats, radius: float) -> Grip:
        return Grip(GripKind.PINCH, tuple(turn.apply(point) + hinge), axis, tuple(outward), radius, carries=False)

    front, across = turn.apply([0, -1, 0.3]), tuple(turn.apply([0, 1, 0]))
    return (
        pinch(door.lever_at + np.array([0, -0.006, 0]), (0, 0, 1), front, 0.012),
        pinch(door.dial_at + np.array([0, -0.012, 0]), (1, 0, 0), front, 0.016),
        pinch(np.array([door.edge, 0, 0]), across, turn.apply([np.sign(door.edge), -0.5, 0]), 0.010),
    )


def storage_furniture(rng: Generator) -> ObjectModel:
    """Return a small chest: rows of drawers or doors with knobs or bars, one of them at times drawn out."""
    width, depth, height = rng.uniform(0.22, 0.34), rng.uniform(0.17, 0.24), rng.uniform(0.17, 0.32)
    wooden = rng.random() < 0.6
    colour = pick_colour(
        rng,
        ("brown", "beige", "brown")
        if wooden
        else ("white", "white", "grey", "light blue", "pink", "black", "green", "blue", "yellow"),
    )
    if wooden:
        tint = np.array(COLOURS[colour]) * rng.uniform(0.9, 1.25)
        grain = wood(rng, 128).astype(float)
        coat = Look(texture=np.clip(grain / grain.mean() * tint * 255, 0, 255).astype(np.uint8), specular=0.2)
    else:
        coat = Look(shade(rng, colour), specular=0.3)
    front_look = coat if rng.random() < 0.6 else Look(shade(rng, pick_colour(rng)), specular=0.2)
    rows, columns = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    carcass = [
        box((width, depth, height), (0, 0, height / 2)),
        box((width * 1.05, depth * 1.06, 0.012), (0, 0, height + 0.006)),
    ]
    if rng.random() < 0.4:
        carcass += [
            box((0.02, 0.02, 0.03), (sx * width * 0.45, sy * depth * 0.42, 0.015)) for sx in (-1, 1) for sy in (-1, 1)
        ]
    fronts, knobs, cavities, grips = [], [], [], []
    drawn = int(rng.integers(rows * columns)) if rng.random() < 0.6 else -1
    cell = np.array([width / columns, height / rows])
    bar = rng.random() < 0.4
    for k in range(rows * columns):
        pull = rng.uniform(0.03, 0.11) if k == drawn else 0.0
        center = np.array(
            [(k % columns + 0.5) * cell[0] - width / 2, -depth / 2 - pull, (k // columns + 0.5) * cell[1]]
        )
        fronts.append(box((cell[0] - 0.008, 0.012, cell[1] - 0.008), center - (0, 0.005, 0)))
        if pull:
            low = center + np.array([0, pull / 2, -cell[1] * 0.2])
            fronts += [
                box((0.005, pull, cell[1] * 0.5), low + np.array([s * (cell[0] / 2 - 0.012), 0, 0])) for s in (-1, 1)
            ]
            cavities.append(box((cell[0] - 0.03, pull, 0.004), low - (0, 0, cell[1] * 0.2)))
        knob = center - (0, 0.022, 0)
        knobs += _knob(knob, bar, cell[0] * 0.3)
        grips.append(Grip(GripKind.PINCH, tuple(knob - (0, 0.004, 0)), (0, 0, 1), (0, -1, 0.5), 0.011, carries=False))
    groups = [
        (coat, carcass),
        (front_look, fronts),
        (steel(rng) if rng.random() < 0.6 else Look(shade(rng, pick_colour(rng))), knobs),
    ]
    if cavities:
        groups.append((Look((0.35, 0.28, 0.2)), cavities))
    grips.append(Grip(GripKind.PRESS, (0, -depth * 0.1, height + 0.012), (0, 0, 1), (0, -1, 1), 0.02, carries=False))
    return ObjectModel("storage furniture", colour, parts_of(groups), tuple(grips))


def _knob(center: np.ndarray, bar: bool, length: float) -> list[Mesh]:
    if not bar:
        return [
            ellipsoid((0.011, 0.010, 0.011), center, 8),
            cylinder(0.005, 0.018).moved(center + np.array([0, 0.018, 0]), turned("x", 90)),
        ]
    ends = np.array([[-length / 2, 0, 0], [length / 2, 0, 0]])
    posts = [cylinder(0.004, 0.018).moved(center + end * 0.8 + (0, 0.018, 0), turned("x", 90)) for end in ends]
    return [tube(ends + center, 0.005), *posts]
