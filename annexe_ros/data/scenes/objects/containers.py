"""Buckets, trash cans, safes and storage furniture."""

from __future__ import annotations

import numpy as np

from annexe_ros.data.scenes.appearance import COLOURS, Generator, Look, pick_colour, printed, shade, wood
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.objects.tableware import band, curve
from annexe_ros.data.scenes.objects.tools import steel
from annexe_ros.data.scenes.shapes import (
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


def sticker(rng: Generator, radius: float, low: float, high: float) -> tuple[Look, list[Mesh]]:
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
    """Return a trash can: open, with a bag, with a swing lid under a dome, or with a flat lid and pedal."""
    height, radius = rng.uniform(0.20, 0.30), rng.uniform(0.08, 0.115)
    base = radius * rng.uniform(0.78, 0.95)
    colour = pick_colour(
        rng,
        ("white", "white", "grey", "black", "blue", "green", "pink", "beige", "silver", "red", "light blue", "brown"),
    )
    coat = Look(shade(rng, colour), specular=float(rng.uniform(0.2, 0.6)))
    body = vessel(curve([(base, 0), (base * 1.01, 0.008), (radius, height)], 12), 0.003, 36)
    groups: list[tuple[Look, list[Mesh]]] = [(coat, [body])]
    style = rng.random()
    side_grip = Grip(GripKind.PINCH, (0, -radius, height), (0, 1, 0), (0, -0.2, 1), 0.006)
    grips = [side_grip, Grip(GripKind.PINCH, (radius, 0, height), (1, 0, 0), (0.2, 0, 1), 0.006)]
    if style < 0.45:
        groups += _swing_top(rng, radius, height, coat, colour)
        grips = [
            Grip(GripKind.PINCH, (0, -radius * 0.95, height + 0.012), (0, 1, 0), (0, -0.4, 1), 0.01),
            Grip(GripKind.PINCH, (radius, 0, height), (1, 0, 0), (0.6, 0, 1), 0.01),
        ]
    elif style < 0.65:
        opened = rng.uniform(0, 80)
        lid = [cylinder(radius * 1.04, 0.012), ellipsoid((radius, radius, 0.02), (0, 0, 0.012))]
        turn = turned("x", -opened)
        hinge = np.array([0, radius, height])
        groups.append(
            (
                Look(shade(rng, pick_colour(rng, (colour, colour, "black", "grey")))),
                [m.moved((0, -radius, 0)).moved(hinge, turn) for m in lid],
            )
        )
        groups.append((Look(shade(rng, "black")), [rounded_box((0.05, 0.04, 0.01), 0.008, (0, -base - 0.015, 0.01))]))
        edge = turn.apply([0, -2 * radius, 0.006]) + hinge
        grips = [
            Grip(
                GripKind.PINCH,
                tuple(edge),
                tuple(turn.apply([0, 0, 1])),
                tuple(turn.apply([0, -1, 0])),
                0.01,
                carries=False,
            ),
            grips[1],
        ]
    elif style < 0.85:
        bag = Look(shade(rng, pick_colour(rng, ("white", "black", "light blue", "grey", "green"))), specular=0.6)
        groups.append(
            (
                bag,
                [
                    vessel([(radius * 1.03, 0), (radius * 1.04, 0.05), (radius * 1.0, 0.058)], 0.012, 30).moved(
                        (0, 0, height - 0.05)
                    )
                ],
            )
        )
    if rng.random() < 0.5:
        groups.append(sticker(rng, radius * 0.97, height * 0.35, height * 0.65))
    return ObjectModel("trash can", colour, parts_of(groups), tuple(grips))


def _swing_top(rng: Generator, radius: float, height: float, coat: Look, colour: str) -> list[tuple[Look, list[Mesh]]]:
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
    colour = pick_colour(
        rng, ("grey", "black", "silver", "green", "dark blue", "red", "white", "dark green", "pink", "yellow", "blue")
    )
    coat, wall = Look(shade(rng, colour), specular=0.4), 0.014
    front = -depth / 2
    shell = [
        box((width, depth, wall), (0, 0, wall / 2)),
        box((width, depth, wall), (0, 0, height - wall / 2)),
        box((wall, depth, height), (-width / 2 + wall / 2, 0, height / 2)),
        box((wall, depth, height), (width / 2 - wall / 2, 0, height / 2)),
        box((width, wall, height), (0, depth / 2 - wall / 2, height / 2)),
    ]
    inside = [box((width - 2 * wall, 0.002, height - 2 * wall), (0, depth / 2 - wall - 0.002, height / 2))]
    opened = 0.0 if rng.random() < 0.6 else rng.uniform(15, 100)
    side = 1 if rng.random() < 0.5 else -1
    hinge = np.array([-side * (width / 2 - wall), front, height / 2])
    turn = turned("z", -side * opened)
    metal = steel(rng)
    door_width, door_height = width - 2 * wall - 0.004, height - 2 * wall - 0.004
    plate = box((door_width, 0.014, door_height), (side * door_width / 2, 0.002, 0))
    frame = box((door_width * 0.84, 0.004, door_height * 0.84), (side * door_width / 2, -0.007, 0))
    dial_at = np.array([side * door_width * rng.uniform(0.4, 0.6), -0.008, door_height * rng.uniform(0.02, 0.18)])
    dial = [cylinder(0.024, 0.010, top=0.020), cylinder(0.010, 0.022)]
    dial = [m.moved(dial_at, turned("x", 90)) for m in dial]
    lever_at = np.array([side * door_width * 0.8, -0.02, -door_height * 0.12])
    lever = [
        tube(np.array([[-0.028, 0, 0], [0.028, 0, 0]]), 0.006).moved(lever_at, turned("y", rng.uniform(0, 90))),
        cylinder(0.007, 0.018).moved(lever_at + np.array([0, 0.016, 0]), turned("x", 90)),
    ]
    keys: list[Mesh] = []
    if rng.random() < 0.5:
        dial = [box((0.05, 0.006, 0.055), dial_at)]
        keys = [
            box((0.010, 0.003, 0.008), dial_at + np.array([0.015 * (k % 3 - 1), -0.004, 0.013 * (k // 3) - 0.018]))
            for k in range(12)
        ]
    placed = [[mesh.moved(hinge, turn) for mesh in group] for group in ([plate], [frame], dial, lever, keys)]
    accent = Look(shade(rng, pick_colour(rng, (colour, colour, "silver", "grey", "black"))), specular=0.4)
    light = Look(shade(rng, "white"))
    looks = (coat, accent, Look(shade(rng, "black")) if keys else metal, metal, light)
    groups = [(coat, shell), (Look((0.10, 0.10, 0.11)), inside), *zip(looks, placed, strict=True)]
    edge = turn.apply([side * door_width, 0, 0]) + hinge
    grips = (
        Grip(
            GripKind.PINCH,
            tuple(turn.apply(lever_at + np.array([0, -0.006, 0])) + hinge),
            (0, 0, 1),
            tuple(turn.apply([0, -1, 0.3])),
            0.012,
            carries=False,
        ),
        Grip(
            GripKind.PINCH,
            tuple(turn.apply(dial_at + np.array([0, -0.012, 0])) + hinge),
            (1, 0, 0),
            tuple(turn.apply([0, -1, 0.3])),
            0.016,
            carries=False,
        ),
        Grip(
            GripKind.PINCH,
            tuple(edge),
            tuple(turn.apply([0, 1, 0])),
            tuple(turn.apply([side, -0.5, 0])),
            0.010,
            carries=False,
        )
        if opened
        else Grip(GripKind.PRESS, (0, 0, height), (0, 0, 1), (0, -1, 1), 0.02, carries=False),
    )
    return ObjectModel("safe", colour, parts_of([(look, meshes) for look, meshes in groups if meshes]), grips)


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
