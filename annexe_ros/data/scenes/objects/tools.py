"""Scissors, pliers, knives and staplers: they lie flat, their long side along x."""

from __future__ import annotations

import numpy as np

from annexe_ros.data.scenes.appearance import Generator, Look, pick_colour, shade
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.shapes import Mesh, box, cylinder, extrude, ring, rounded_box, tube, turned

_GRIP_COLOURS = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "black",
    "pink",
    "purple",
    "light blue",
    "grey",
    "dark blue",
    "white",
)


def steel(rng: Generator) -> Look:
    """Return bare or blackened metal."""
    value = float(rng.uniform(0.55, 0.85)) if rng.random() < 0.8 else float(rng.uniform(0.12, 0.3))
    return Look((value, value, value * 1.02), specular=1.0, shininess=0.7)


def _blade(length: float, width: float, thickness: float, point: float = 0.75) -> Mesh:
    """Return a flat blade from the origin along +x, pointed at its end."""
    outline = [(0, -width / 2), (length * point, -width / 2), (length, 0), (length * point, width / 2), (0, width / 2)]
    return extrude(outline, thickness)


def scissors(rng: Generator) -> ObjectModel:
    """Return scissors, more or less open: two blades, a screw, two loops."""
    blade, loop = rng.uniform(0.07, 0.12), rng.uniform(0.02, 0.029)
    opening = rng.uniform(6, 32)
    colour = pick_colour(rng, _GRIP_COLOURS)
    width, shank = rng.uniform(0.010, 0.016), rng.uniform(0.035, 0.055)
    metal, plastic = [], []
    long = rng.uniform(1.2, 1.7)
    for sign, lift in ((1, 0.003), (-1, 0.0055)):
        turn = turned("z", sign * opening / 2)
        metal.append(_blade(blade, width, 0.0025).moved((0, 0, lift), turn))
        spread = np.radians(sign * rng.uniform(10, 16))
        end = -shank * np.array([np.cos(spread), np.sin(spread), 0])
        center = end + np.array([-loop * long * 0.9, -sign * loop * 0.55, 0])
        path = np.linspace([0, 0, 0], end + np.array([0, -sign * loop * 0.2, 0]), 5)
        plastic.append(tube(path, [0.005, 0.005, 0.0055, 0.006, 0.006]).moved((0, 0, lift + 0.003), turn))
        hoop = ring((loop * long, loop), rng.uniform(0.0045, 0.006)).moved(center)
        plastic.append(hoop.moved((0, 0, lift + 0.003), turn))
    screw = cylinder(0.004, 0.003).moved((0, 0, 0.007))
    groups = [(steel(rng), [*metal, screw]), (Look(shade(rng, colour), specular=0.4), plastic)]
    grips = (
        Grip(GripKind.PINCH, (-shank - loop, 0, 0.006), (0, 0, 1), (-1, 0, 0.3), 0.008),
        Grip(GripKind.PINCH, (-shank * 0.6, 0, 0.006), (0, 1, 0), (-0.4, 0, 1), 0.012),
    )
    return ObjectModel("scissors", colour, parts_of(groups), grips)


def pliers(rng: Generator) -> ObjectModel:
    """Return pliers: two short jaws, a pivot and two long bowed grips."""
    jaw, grip_length = rng.uniform(0.04, 0.075), rng.uniform(0.09, 0.13)
    opening = rng.uniform(6, 24)
    colour = pick_colour(rng, _GRIP_COLOURS)
    metal, plastic = [], []
    nose = rng.uniform(0.25, 0.9)
    for sign in (1, -1):
        turn = turned("z", sign * opening / 2)
        outline = (
            [(0, -0.001), (jaw, -0.001), (jaw, 0.008 * nose), (0, 0.013)]
            if sign > 0
            else [(0, -0.013), (jaw, -0.008 * nose), (jaw, 0.001), (0, 0.001)]
        )
        metal.append(extrude(outline, 0.010).moved((0, 0, 0.002), turn))
        t = np.linspace(0, 1, 9)
        bow = np.stack([-grip_length * t, -sign * (0.004 + 0.022 * np.sin(np.pi * t * 0.75)), np.zeros(9)], -1)
        metal.append(tube(bow[:4], 0.006).moved((0, 0, 0.007), turn))
        plastic.append(tube(bow[2:], np.linspace(0.0075, 0.0085, 7)).moved((0, 0, 0.0085), turn))
    metal.append(cylinder(0.013, 0.014))
    groups = [(steel(rng), metal), (Look(shade(rng, colour), specular=0.3), plastic)]
    grips = (
        Grip(GripKind.WRAP, (-grip_length * 0.65, 0, 0.01), (1, 0, 0), (0, 0, 1), 0.02),
        Grip(GripKind.PINCH, (-grip_length * 0.8, 0, 0.009), (0, 1, 0), (-0.6, 0, 1), 0.024),
    )
    return ObjectModel("pliers", colour, parts_of(groups), grips)


def knife(rng: Generator) -> ObjectModel:
    """Return a knife: kitchen, table, fruit or box cutter, lying on its side."""
    blade, handle = rng.uniform(0.08, 0.19), rng.uniform(0.085, 0.125)
    width, thickness = rng.uniform(0.014, 0.042), rng.uniform(0.008, 0.013)
    colour = pick_colour(rng, _GRIP_COLOURS)
    t = np.linspace(0, 1, 8)
    belly = np.stack([blade * t, width * (0.9 * t**3 - 0.5)], -1)
    spine = np.stack([blade * t[::-1], np.full(8, width * 0.45)], -1) - np.stack(
        [np.zeros(8), width * 0.1 * t[::-1] ** 2], -1
    )
    groups = [
        (steel(rng), [extrude(np.concatenate([belly, spine]), 0.0022).moved((0, 0, thickness))]),
        (
            Look(shade(rng, colour), specular=0.3),
            [
                tube(
                    np.stack(
                        [
                            np.linspace(0.004, -handle, 8),
                            0.004 * np.sin(np.linspace(0, 4, 8)) + width * 0.12,
                            np.full(8, thickness),
                        ],
                        -1,
                    ),
                    np.stack(
                        [
                            np.full(8, thickness),
                            np.array([0.8, 1, 0.95, 0.9, 0.9, 0.95, 1.1, 0.9]) * rng.uniform(0.011, 0.015),
                        ],
                        -1,
                    ),
                )
            ],
        ),
    ]
    if rng.random() < 0.5:
        groups.append(
            (steel(rng), [cylinder(0.003, 0.001).moved((-handle * f, width * 0.12, 2 * thickness)) for f in (0.3, 0.7)])
        )
    grips = (
        Grip(GripKind.WRAP, (-handle * 0.55, 0, thickness), (1, 0, 0), (0, 0, 1), 0.013),
        Grip(GripKind.WRAP, (-handle * 0.5, 0, thickness), (1, 0, 0), (0, 0, 1), 0.013),
        Grip(GripKind.PINCH, (-handle * 0.7, 0, thickness), (0, 1, 0), (-0.7, 0, 1), 0.013),
    )
    return ObjectModel("knife", colour, parts_of(groups), grips)


def stapler(rng: Generator) -> ObjectModel:
    """Return a stapler: a base and a hinged arm that stands open like a wedge."""
    length, width = rng.uniform(0.09, 0.15), rng.uniform(0.024, 0.036)
    colour = pick_colour(
        rng, ("black", "blue", "red", "grey", "green", "dark blue", "pink", "yellow", "white", "light blue")
    )
    shell, dark = Look(shade(rng, colour), specular=0.5), Look(shade(rng, "black"), specular=0.2)
    angle = rng.uniform(6, 17)
    base = rounded_box((length, width, 0.008), 0.010, (0, 0, 0.004))
    plate = box((0.02, width * 0.7, 0.002), (length * 0.42, 0, 0.009))
    t = np.linspace(0, 1, 9)
    spine = np.stack([length * (t - 0.5) * 1.0, np.zeros(9), 0.006 * np.sin(np.pi * t)], -1)
    halves = np.stack([0.010 + 0.006 * np.sin(np.pi * (0.25 + 0.6 * t)), np.full(9, width * 0.48)], -1)
    arm = (
        tube(spine, halves, segments=14)
        .moved((length / 2, 0, 0.012))
        .moved((-length / 2, 0, 0.014), turned("y", -angle))
    )
    rail = box((length * 0.9, width * 0.55, 0.009), (length * 0.52, 0, 0.0)).moved(
        (-length / 2, 0, 0.016), turned("y", -angle)
    )
    hinge = box((length * 0.2, width * 0.85, 0.022), (-length * 0.4, 0, 0.016))
    rise = 0.014 + np.sin(np.radians(angle)) * length * 0.6
    groups = [(shell, [arm]), (dark if rng.random() < 0.6 else shell, [base, hinge]), (steel(rng), [rail, plate])]
    grips = (
        Grip(GripKind.PRESS, (length * 0.12, 0, rise + 0.018), (0, 0, 1), (-1, 0, 1), 0.02, carries=False),
        Grip(GripKind.WRAP, (0, 0, rise * 0.7), (1, 0, 0), (0, 0, 1), 0.024),
    )
    return ObjectModel("stapler", colour, parts_of(groups), grips)
