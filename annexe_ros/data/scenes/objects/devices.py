"""Laptops and toy cars."""

from __future__ import annotations

import numpy as np

from annexe_ros.data.scenes.appearance import (
    Generator,
    Look,
    pick_colour,
    printed,
    scenery,
    shade,
)
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.shapes import Mesh, box, cylinder, ellipsoid, extrude, revolve, rounded_box, tube, turned


def laptop(rng: Generator) -> ObjectModel:
    """Return a laptop opened at some angle: deck with keys and touchpad, lid with a dark or lit screen."""
    width, depth = rng.uniform(0.28, 0.38), rng.uniform(0.19, 0.26)
    colour = pick_colour(
        rng, ("black", "black", "black", "silver", "silver", "grey", "white", "red", "dark blue", "pink")
    )
    coat = Look(shade(rng, colour, 0.02), specular=float(rng.uniform(0.2, 0.7)))
    deck_look = coat if rng.random() < 0.7 else Look(shade(rng, pick_colour(rng, ("black", "grey", "silver"))))
    opened = rng.uniform(60, 135) if rng.random() < 0.9 else rng.uniform(5, 40)
    thick = rng.uniform(0.010, 0.022)
    deck = [rounded_box((width, depth, thick), 0.01, (0, 0, thick / 2))]
    key_look = Look(shade(rng, "black" if rng.random() < 0.75 else "white"), specular=0.1)
    keys = [box((width * 0.9, depth * 0.46, 0.001), (0, depth * 0.14, thick + 0.0006))]
    caps = _key_caps(width * 0.88, depth * 0.44, (0, depth * 0.14, thick + 0.002))
    cap_tone = float(np.clip(np.mean(key_look.colour) + rng.uniform(0.04, 0.12), 0, 1))
    pad = [box((width * 0.3, depth * 0.24, 0.001), (rng.uniform(-0.08, 0.02) * width, -depth * 0.28, thick + 0.0006))]
    stickers = (
        [box((0.022, 0.02, 0.001), (width * 0.4 * s, -depth * 0.38, thick + 0.0008)) for s in (1, -1)]
        if rng.random() < 0.4
        else []
    )
    hinge, turn = np.array([0, depth / 2 - 0.004, thick * 0.9]), turned("x", -opened)
    lid = rounded_box((width, depth, 0.007), 0.01, (0, -depth / 2, 0.0))
    bezel = box((width * 0.985, depth * 0.96, 0.001), (0, -depth / 2, -0.0038))
    screen = box((width * 0.92, depth * 0.85, 0.001), (0, -depth / 2 - 0.005, -0.0046))
    lit = rng.random() < 0.35
    picture = scenery(rng, 96) if rng.random() < 0.5 else printed(rng, 96)
    glass = Look(texture=picture) if lit else Look((0.03, 0.03, 0.035), specular=0.9, shininess=0.9)
    frame = Look(shade(rng, "black") if rng.random() < 0.8 else shade(rng, "grey"), specular=0.4)
    lid_parts = [m.moved(hinge, turn) for m in (lid, bezel, screen)]
    groups = [
        (coat, [lid_parts[0]]),
        (deck_look, deck),
        (key_look, keys),
        (Look((cap_tone,) * 3, specular=0.1), [caps]),
        (Look(shade(rng, pick_colour(rng, ("black", "grey", "silver")), 0.02), specular=0.2), pad),
        (frame, [lid_parts[1]]),
        (glass, [lid_parts[2]]),
    ]
    if stickers:
        groups.append((Look(texture=printed(rng, 48)), stickers))
    normal = tuple(turn.apply([0, 0, 1]))
    corner = [tuple(turn.apply([f * width, -depth, 0]) + hinge) for f in (0.0, 0.38, -0.38)]
    side = [tuple(turn.apply([s * width / 2, -depth * 0.75, 0]) + hinge) for s in (1, -1)]
    rise = tuple(turn.apply([0, -1, 0]))
    grips = (
        *(Grip(GripKind.PINCH, point, normal, rise, 0.006, carries=False) for point in corner),
        *(
            Grip(GripKind.PINCH, point, normal, tuple(turn.apply([s, -0.7, 0])), 0.006, carries=False)
            for point, s in zip(side, (1, -1), strict=True)
        ),
        Grip(
            GripKind.PRESS,
            (rng.uniform(-0.2, 0.2) * width, 0.0, thick + 0.004),
            (0, 0, 1),
            (0, -1, 1),
            0.02,
            carries=False,
        ),
        Grip(
            GripKind.PINCH,
            (rng.choice([-1, 1]) * width / 2, -depth * 0.2, thick / 2),
            (0, 0, 1),
            (0.6, -1, 0.2),
            thick / 2,
            carries=False,
        ),
    )
    return ObjectModel("laptop", colour, parts_of(groups), grips)


def _key_caps(width: float, depth: float, center: tuple[float, float, float]) -> Mesh:
    """Return five rows of key tops as one flat mesh facing up."""
    rows, columns = 5, 14
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    low = np.stack([(j.ravel() + 0.1) / columns, (i.ravel() + 0.1) / rows], -1) - 0.5
    corners = np.array([[0, 0], [0.8 / columns, 0], [0.8 / columns, 0.8 / rows], [0, 0.8 / rows]])
    flat = (low[:, None] + corners[None]).reshape(-1, 2) * (width, depth)
    faces = (np.arange(rows * columns)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])[None]).reshape(-1, 3)
    return Mesh(np.column_stack([flat, np.zeros(len(flat))]) + np.asarray(center), faces.astype(np.int32))


def toy_car(rng: Generator) -> ObjectModel:
    """Return a toy car: saloon, van, truck or digger on four wheels."""
    length = rng.uniform(0.08, 0.17)
    width, wheel = length * rng.uniform(0.42, 0.55), length * rng.uniform(0.10, 0.145)
    colour = pick_colour(
        rng,
        (
            "red",
            "orange",
            "yellow",
            "green",
            "blue",
            "light blue",
            "pink",
            "white",
            "purple",
            "black",
            "dark blue",
            "silver",
        ),
    )
    coat, second = (
        Look(shade(rng, colour), specular=0.7, shininess=0.7),
        Look(shade(rng, pick_colour(rng)), specular=0.6),
    )
    window, rubber = (
        Look(shade(rng, "dark blue" if rng.random() < 0.5 else "black"), specular=0.9),
        Look((0.05, 0.05, 0.05)),
    )
    floor, wheelbase = wheel * 0.8, length * 0.29
    groups: list[tuple[Look, list[Mesh]]] = [(coat, []), (second, []), (window, [])]
    body, extra, glass = (meshes for _, meshes in groups)
    body.append(rounded_box((length, width, length * 0.17), length * 0.06, (0, 0, floor + length * 0.085)))
    deck = floor + length * 0.17
    style = rng.random()
    if style < 0.45:
        cabin = _prism_along_y([(-0.32, 0), (0.24, 0), (0.10, 0.2), (-0.2, 0.2)], length, width * 0.86)
        body.append(cabin.moved((0, 0, deck)))
        panes = _prism_along_y([(-0.28, 0.03), (0.20, 0.03), (0.10, 0.165), (-0.19, 0.165)], length, width * 0.875)
        glass.append(panes.moved((0, 0, deck)))
        glass.append(
            _prism_along_y([(-0.335, 0.02), (0.25, 0.02), (0.12, 0.18), (-0.215, 0.18)], length, width * 0.7).moved(
                (0, 0, deck)
            )
        )
    elif style < 0.8:
        body.append(
            rounded_box(
                (length * 0.28, width * 0.95, length * 0.26), length * 0.05, (length * 0.3, 0, deck + length * 0.13)
            )
        )
        glass.append(box((length * 0.285, width * 0.8, length * 0.11), (length * 0.305, 0, deck + length * 0.16)))
        extra.append(
            rounded_box(
                (length * 0.6, width, length * rng.uniform(0.15, 0.36)),
                0.004,
                (-length * 0.18, 0, deck + length * 0.12),
            )
        )
    else:
        extra.append(
            rounded_box((length * 0.4, width * 0.8, length * 0.3), 0.005, (-length * 0.1, 0, deck + length * 0.15))
        )
        glass.append(box((length * 0.41, width * 0.65, length * 0.12), (-length * 0.1, 0, deck + length * 0.19)))
        boom = np.array(
            [[length * 0.1, 0, deck], [length * 0.38, 0, deck + length * 0.3], [length * 0.62, 0, deck - length * 0.02]]
        )
        body += [tube(boom[k : k + 2], length * 0.035, up=(0, 1, 0)) for k in range(2)]
        body.append(box((length * 0.12, width * 0.8, length * 0.12), boom[2]))
    tyre = revolve(
        [
            (1e-4, 0),
            (wheel * 0.9, 0),
            (wheel, width * 0.05),
            (wheel, width * 0.17),
            (wheel * 0.9, width * 0.22),
            (1e-4, width * 0.22),
        ],
        20,
    )
    hub = cylinder(wheel * 0.55, width * 0.23, 12)
    spots = [(sx * wheelbase, sy * width * 0.45, sy) for sx in (-1, 1) for sy in (-1, 1)]
    groups.append((rubber, [tyre.moved((x, y, wheel), turned("x", -90 * s)) for x, y, s in spots]))
    groups.append((second, [hub.moved((x, y, wheel), turned("x", -90 * s)) for x, y, s in spots]))
    lights = [
        ellipsoid((0.004, width * 0.09, width * 0.08), (length * 0.5, s * width * 0.33, floor + length * 0.1), 8)
        for s in (-1, 1)
    ]
    groups.append((Look((0.95, 0.93, 0.75), specular=0.8), lights))
    if rng.random() < 0.4:
        decal = box((length * 0.25, width * 0.5, 0.001), (length * 0.36, 0, deck + 0.001))
        groups.append((Look(texture=printed(rng, 48)), [decal]))
    top = deck + length * 0.14
    grips = (
        Grip(GripKind.PINCH, (0, 0, top * 0.8), (0, 1, 0), (0, 0, 1), width * 0.48),
        Grip(GripKind.PINCH, (-length * 0.2, 0, top * 0.7), (0, 1, 0), (-0.5, 0, 1), width * 0.48),
        Grip(GripKind.WRAP, (0, 0, top * 0.55), (1, 0, 0), (0, 0, 1), width * 0.48),
    )
    return ObjectModel("toy car", colour, parts_of([(look, meshes) for look, meshes in groups if meshes]), grips)


def _prism_along_y(outline: list[tuple[float, float]], length: float, width: float) -> Mesh:
    """Return a cross-section in the x-z plane, in shares of ``length``, as wide as ``width`` along y."""
    prism = extrude(np.asarray(outline) * length, width)
    return prism.moved((0, width / 2, 0), turned("x", 90))
