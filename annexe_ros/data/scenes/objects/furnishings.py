"""Lamps and chairs."""

from __future__ import annotations

import numpy as np

from annexe_ros.data.scenes.appearance import (
    COLOURS,
    Generator,
    Look,
    cloth,
    pick_colour,
    shade,
    wood,
)
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.objects.tools import steel
from annexe_ros.data.scenes.shapes import Mesh, box, cylinder, ellipsoid, revolve, rounded_box, tube, turned


def lamp(rng: Generator) -> ObjectModel:
    """Return a table lamp: a base with a fabric shade, or a jointed desk lamp with a metal cone."""
    colour = pick_colour(rng)
    return _shaded_lamp(rng, colour) if rng.random() < 0.5 else _desk_lamp(rng, colour)


def _shaded_lamp(rng: Generator, colour: str) -> ObjectModel:
    height, radius = rng.uniform(0.24, 0.36), rng.uniform(0.07, 0.11)
    drop = rng.uniform(0.09, 0.13)
    glow = rng.random() < 0.4
    tone = np.clip(np.array(shade(rng, colour)) * (1.5 if glow else 1.0), 0, 1)
    screen = revolve([(radius, height - drop), (radius * rng.uniform(0.45, 0.95), height)], 32)
    inside = Mesh(screen.vertices * (0.98, 0.98, 1), screen.faces[:, ::-1], screen.uv)
    base_radius = rng.uniform(0.04, 0.065)
    belly = rng.uniform(0.3, 1.0) * base_radius
    foot = revolve(
        [
            (1e-4, 0),
            (base_radius, 0),
            (base_radius, 0.012),
            (0.012, 0.03),
            (belly, 0.07),
            (0.010, height - drop - 0.01),
            (0.008, height - 0.02),
        ],
        24,
    )
    body = Look(shade(rng, pick_colour(rng)), specular=0.6)
    bulb = ellipsoid((0.024, 0.024, 0.03), (0, 0, height - drop * 0.6), 8)
    look = Look((float(tone[0]), float(tone[1]), float(tone[2])), specular=0.05)
    groups = [(look, [screen]), (Look((1.0, 0.95, 0.8) if glow else (0.8, 0.78, 0.72)), [inside, bulb]), (body, [foot])]
    grips = (
        Grip(GripKind.WRAP, (0, 0, height * 0.45), (0, 0, 1), (0, -1, 0), 0.014),
        Grip(GripKind.PINCH, (0, -radius, height - drop), (0, 1, 0), (0, -1, -0.1), 0.005, carries=False),
        Grip(GripKind.PRESS, (0, 0, height + 0.005), (0, 0, 1), (0, -1, 1), 0.02, carries=False),
    )
    return ObjectModel("lamp", colour, parts_of(groups), grips)


def _desk_lamp(rng: Generator, colour: str) -> ObjectModel:
    height, reach = rng.uniform(0.24, 0.36), rng.uniform(0.08, 0.17)
    coat, metal = Look(shade(rng, colour), specular=0.6), steel(rng)
    base = [cylinder(rng.uniform(0.055, 0.075), 0.016, 28, top=0.05)]
    elbow = np.array([-reach * rng.uniform(0.2, 0.7), 0, height * rng.uniform(0.5, 0.7)])
    head = np.array([reach, 0, height])
    t = np.linspace(0, 1, 12)[:, None]
    if rng.random() < 0.5:
        stem = (1 - t) ** 2 * np.array([0, 0, 0.01]) + 2 * t * (1 - t) * (elbow * (0.4, 1, 1.9)) + t**2 * head
        arms = [tube(stem, 0.007, up=(0, 1, 0))]
    else:
        arms = [
            tube(np.array([[0, 0, 0.01], elbow]), 0.006, up=(0, 1, 0)),
            tube(np.array([elbow, head]), 0.006, up=(0, 1, 0)),
            ellipsoid((0.011,) * 3, elbow, 8),
        ]
    tilt = turned("y", -rng.uniform(0, 40))
    length, mouth = rng.uniform(0.07, 0.10), rng.uniform(0.045, 0.065)
    cone = revolve([(mouth, -length), (mouth * 0.75, -length * 0.4), (0.018, 0), (1e-4, 0.005)], 28)
    inside = Mesh(cone.vertices * (0.97, 0.97, 1), cone.faces[:, ::-1], cone.uv)
    bulb = ellipsoid((0.022, 0.022, 0.028), (0, 0, -length * 0.6), 8)
    shades = [m.moved(head, tilt) for m in (cone, inside, bulb)]
    groups = [
        (coat, [shades[0], *base]),
        (Look((0.95, 0.93, 0.85)), shades[1:]),
        (coat if rng.random() < 0.5 else metal, arms),
    ]
    grips = (
        Grip(
            GripKind.PINCH,
            tuple(head + tilt.apply([0, 0, -length * 0.2])),
            (0, 1, 0),
            (0.2, -0.4, 1),
            0.03,
            carries=False,
        ),
        Grip(GripKind.WRAP, tuple(elbow * 0.55 if len(arms) > 1 else stem[5]), (0, 0, 1), (0, -1, 0), 0.008),
        Grip(GripKind.PRESS, (0, 0, 0.02), (0, 0, 1), (0, -1, 1), 0.02, carries=False),
    )
    return ObjectModel("lamp", colour, parts_of(groups), grips)


def chair(rng: Generator) -> ObjectModel:
    """Return a chair: seat, four legs or a pedestal, a back of slats, bars or one board, at times armrests."""
    width, depth, seat = rng.uniform(0.36, 0.44), rng.uniform(0.36, 0.44), rng.uniform(0.38, 0.46)
    back = rng.uniform(0.32, 0.46)
    wooden = rng.random() < 0.5
    colour = pick_colour(rng, ("brown", "beige") if wooden else tuple(COLOURS))
    if wooden:
        grain = wood(rng, 128).astype(float)
        coat = Look(texture=np.clip(grain / grain.mean() * np.array(COLOURS[colour]) * 270, 0, 255).astype(np.uint8))
    else:
        coat = Look(shade(rng, colour), specular=0.3)
    frame = (
        coat
        if rng.random() < 0.5
        else Look(shade(rng, pick_colour(rng, ("black", "silver", "brown", "white"))), specular=0.5)
    )
    thick, lean = rng.uniform(0.02, 0.05), turned("x", -rng.uniform(3, 14))
    leg = rng.uniform(0.012, 0.02)
    seat_meshes = [rounded_box((width, depth, thick), 0.05, (0, 0, seat))]
    corners = [(sx * (width / 2 - 0.03), sy * (depth / 2 - 0.03)) for sx in (-1, 1) for sy in (-1, 1)]
    splay = rng.uniform(1.0, 1.15)
    legs = [tube(np.array([[x * splay, y * splay, 0], [x, y, seat]]), leg, up=(0, 1, 0)) for x, y in corners]
    posts = [
        tube(np.array([[s * (width / 2 - 0.03), 0, 0], [s * (width / 2 - 0.03), 0, back]]), leg, up=(0, 1, 0))
        for s in (-1, 1)
    ]
    style = rng.random()
    if style < 0.4:
        boards = [rounded_box((width * 0.95, 0.025, back * rng.uniform(0.4, 0.9)), 0.01, (0, 0, back * 0.6))]
    elif style < 0.7:
        boards = [box((width * 0.9, 0.016, back * 0.14), (0, 0, back * f)) for f in (0.35, 0.62, 0.9)]
    else:
        boards = [box((0.022, 0.014, back), (width * f, 0, back / 2)) for f in (-0.25, -0.08, 0.08, 0.25)]
        boards.append(box((width * 0.95, 0.025, 0.05), (0, 0, back * 0.95)))
    hinge = np.array([0, depth / 2 - 0.02, seat])
    groups = [
        (coat, seat_meshes + [m.moved(hinge, lean) for m in boards]),
        (frame, legs + [m.moved(hinge, lean) for m in posts]),
    ]
    if rng.random() < 0.3:
        groups.append(
            (
                Look(texture=cloth(rng, 128)),
                [rounded_box((width * 0.92, depth * 0.92, 0.03), 0.06, (0, -0.01, seat + thick / 2 + 0.015))],
            )
        )
    bar = lean.apply([0, 0, back * 0.95]) + hinge
    grips = (
        Grip(GripKind.PINCH, tuple(bar), (0, 1, 0), (0, -0.3, 1), 0.014),
        Grip(GripKind.PINCH, tuple(bar + np.array([width * 0.3, 0, 0])), (0, 1, 0), (0, -0.3, 1), 0.014),
        Grip(
            GripKind.PINCH, tuple(lean.apply([width / 2 - 0.03, 0, back * 0.8]) + hinge), (0, 1, 0), (1, 0, 0.4), 0.014
        ),
        Grip(GripKind.PINCH, (0, -depth / 2, seat), (0, 0, 1), (0, -1, 0.2), thick / 2),
    )
    return ObjectModel("chair", colour, parts_of(groups), grips)
