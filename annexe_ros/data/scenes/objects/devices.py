"""Laptops and toy cars."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import Generator, Look, pick_colour, printed, scenery, shade
from annexe_ros.data.scenes.objects.model import Coloured, Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.shapes import (
    Floats,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    revolve,
    rounded_box,
    tube,
    turned,
)

LAPTOP_COLOURS = ("black", "black", "black", "silver", "silver", "grey", "white", "red", "dark blue", "pink")
CASING_COLOURS = ("black", "grey", "silver")
CAR_COLOURS = (
    "red", "orange", "yellow", "green", "blue", "light blue", "pink", "white", "purple", "black", "dark blue", "silver",
)  # fmt: skip


def laptop(rng: Generator) -> ObjectModel:
    """Return a laptop opened at some angle: deck with keys and touchpad, lid with a dark or lit screen."""
    width, depth = rng.uniform(0.28, 0.38), rng.uniform(0.19, 0.26)
    colour = pick_colour(rng, LAPTOP_COLOURS)
    coat = Look(shade(rng, colour, 0.02), specular=float(rng.uniform(0.2, 0.7)))
    deck_look = coat if rng.random() < 0.7 else Look(shade(rng, pick_colour(rng, CASING_COLOURS)))
    opened = rng.uniform(60, 135) if rng.random() < 0.9 else rng.uniform(5, 40)
    thick = rng.uniform(0.010, 0.022)
    deck = rounded_box((width, depth, thick), 0.01, (0, 0, thick / 2))
    keyboard = _keyboard(rng, width, depth, thick)
    pad = box((width * 0.3, depth * 0.24, 0.001), (rng.uniform(-0.08, 0.02) * width, -depth * 0.28, thick + 0.0006))
    has_stickers = rng.random() < 0.4
    hinge, turn = np.array([0, depth / 2 - 0.004, thick * 0.9]), turned("x", -opened)
    lid, *screen = _lid(rng, coat, (width, depth), hinge, turn)
    pad_look = Look(shade(rng, pick_colour(rng, CASING_COLOURS), 0.02), specular=0.2)
    groups = [lid, (deck_look, [deck]), *keyboard, (pad_look, [pad]), *screen]
    if has_stickers:
        places = [(width * 0.4 * s, -depth * 0.38, thick + 0.0008) for s in (1, -1)]
        groups.append((Look(texture=printed(rng, 48)), [box((0.022, 0.02, 0.001), place) for place in places]))
    grips = _lid_grips(width, depth, hinge, turn) + _deck_grips(rng, width, depth, thick)
    return ObjectModel("laptop", colour, parts_of(groups), grips)


def _keyboard(rng: Generator, width: float, depth: float, thick: float) -> list[Coloured]:
    """Return the field behind the keys and the keys, which are a little brighter."""
    look = Look(shade(rng, "black" if rng.random() < 0.75 else "white"), specular=0.1)
    field = box((width * 0.9, depth * 0.46, 0.001), (0, depth * 0.14, thick + 0.0006))
    caps = _key_caps(width * 0.88, depth * 0.44, (0, depth * 0.14, thick + 0.002))
    tone = float(np.clip(np.mean(look.colour) + rng.uniform(0.04, 0.12), 0, 1))
    return [(look, [field]), (Look((tone,) * 3, specular=0.1), [caps])]


def _lid(
    rng: Generator, coat: Look, size: tuple[float, float], hinge: Floats, turn: Rotation
) -> tuple[Coloured, Coloured, Coloured]:
    """Return lid, bezel and screen, turned about the hinge."""
    width, depth = size
    lid = rounded_box((width, depth, 0.007), 0.01, (0, -depth / 2, 0.0))
    bezel = box((width * 0.985, depth * 0.96, 0.001), (0, -depth / 2, -0.0038))
    screen = box((width * 0.92, depth * 0.85, 0.001), (0, -depth / 2 - 0.005, -0.0046))
    lit = rng.random() < 0.35
    picture = scenery(rng, 96) if rng.random() < 0.5 else printed(rng, 96)
    glass = Look(texture=picture) if lit else Look((0.03, 0.03, 0.035), specular=0.9, shininess=0.9)
    frame = Look(shade(rng, "black" if rng.random() < 0.8 else "grey"), specular=0.4)
    placed = [mesh.moved(hinge, turn) for mesh in (lid, bezel, screen)]
    return (coat, [placed[0]]), (frame, [placed[1]]), (glass, [placed[2]])


def _lid_grips(width: float, depth: float, hinge: Floats, turn: Rotation) -> tuple[Grip, ...]:
    """Return pinches of the lid's far edge and of its sides."""

    def pinch(place: tuple[float, float, float], outward: tuple[float, float, float]) -> Grip:
        point, normal = tuple(turn.apply(place) + hinge), tuple(turn.apply([0, 0, 1]))
        return Grip(GripKind.PINCH, point, normal, tuple(turn.apply(outward)), 0.006, carries=False)

    edge = [pinch((f * width, -depth, 0), (0, -1, 0)) for f in (0.0, 0.38, -0.38)]
    sides = [pinch((s * width / 2, -depth * 0.75, 0), (s, -0.7, 0)) for s in (1, -1)]
    return (*edge, *sides)


def _deck_grips(rng: Generator, width: float, depth: float, thick: float) -> tuple[Grip, ...]:
    """Return a hand on the keys and a pinch of one side of the deck."""
    keys = (rng.uniform(-0.2, 0.2) * width, 0.0, thick + 0.004)
    side = (rng.choice([-1, 1]) * width / 2, -depth * 0.2, thick / 2)
    return (
        Grip(GripKind.PRESS, keys, (0, 0, 1), (0, -1, 1), 0.02, carries=False),
        Grip(GripKind.PINCH, side, (0, 0, 1), (0.6, -1, 0.2), thick / 2, carries=False),
    )


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
    """Return a toy car: saloon, truck or digger on four wheels."""
    length = rng.uniform(0.08, 0.17)
    width, wheel = length * rng.uniform(0.42, 0.55), length * rng.uniform(0.10, 0.145)
    colour = pick_colour(rng, CAR_COLOURS)
    coat = Look(shade(rng, colour), specular=0.7, shininess=0.7)
    second = Look(shade(rng, pick_colour(rng)), specular=0.6)
    window = Look(shade(rng, "dark blue" if rng.random() < 0.5 else "black"), specular=0.9)
    floor = wheel * 0.8
    deck = floor + length * 0.17
    chassis = rounded_box((length, width, length * 0.17), length * 0.06, (0, 0, floor + length * 0.085))
    body, extra, glass = _upper_works(rng, length, width, deck)
    groups: list[Coloured] = [(coat, [chassis, *body]), (second, extra), (window, glass)]
    tyres, hubs = _wheels(length, width, wheel)
    groups += [(Look((0.05, 0.05, 0.05)), tyres), (second, hubs)]
    groups.append((Look((0.95, 0.93, 0.75), specular=0.8), _headlights(length, width, floor)))
    if rng.random() < 0.4:
        decal = box((length * 0.25, width * 0.5, 0.001), (length * 0.36, 0, deck + 0.001))
        groups.append((Look(texture=printed(rng, 48)), [decal]))
    top = deck + length * 0.14
    grips = (
        Grip(GripKind.PINCH, (0, 0, top * 0.8), (0, 1, 0), (0, 0, 1), width * 0.48),
        Grip(GripKind.PINCH, (-length * 0.2, 0, top * 0.7), (0, 1, 0), (-0.5, 0, 1), width * 0.48),
        Grip(GripKind.WRAP, (0, 0, top * 0.55), (1, 0, 0), (0, 0, 1), width * 0.48),
    )
    return ObjectModel("toy car", colour, parts_of(groups), grips)


UpperWorks = tuple[list[Mesh], list[Mesh], list[Mesh]]
"""What stands on a toy car's chassis: in the body's colour, in the second colour, and of glass."""


def _upper_works(rng: Generator, length: float, width: float, deck: float) -> UpperWorks:
    style = rng.random()
    if style < 0.45:
        return _saloon(length, width, deck)
    return _truck(rng, length, width, deck) if style < 0.8 else _digger(length, width, deck)


def _saloon(length: float, width: float, deck: float) -> UpperWorks:
    cabin = _prism_along_y([(-0.32, 0), (0.24, 0), (0.10, 0.2), (-0.2, 0.2)], length, width * 0.86)
    sides = _prism_along_y([(-0.28, 0.03), (0.20, 0.03), (0.10, 0.165), (-0.19, 0.165)], length, width * 0.875)
    ends = _prism_along_y([(-0.335, 0.02), (0.25, 0.02), (0.12, 0.18), (-0.215, 0.18)], length, width * 0.7)
    return [cabin.moved((0, 0, deck))], [], [panes.moved((0, 0, deck)) for panes in (sides, ends)]


def _truck(rng: Generator, length: float, width: float, deck: float) -> UpperWorks:
    cabin_size, load_size = (length * 0.28, width * 0.95, length * 0.26), (length * 0.6, width)
    cabin = rounded_box(cabin_size, length * 0.05, (length * 0.3, 0, deck + length * 0.13))
    panes = box((length * 0.285, width * 0.8, length * 0.11), (length * 0.305, 0, deck + length * 0.16))
    load_height = length * rng.uniform(0.15, 0.36)
    load = rounded_box((*load_size, load_height), 0.004, (-length * 0.18, 0, deck + length * 0.12))
    return [cabin], [load], [panes]


def _digger(length: float, width: float, deck: float) -> UpperWorks:
    cabin_size, joints = (length * 0.4, width * 0.8, length * 0.3), ((0.1, 0.0), (0.38, 0.3), (0.62, -0.02))
    cabin = rounded_box(cabin_size, 0.005, (-length * 0.1, 0, deck + length * 0.15))
    panes = box((length * 0.41, width * 0.65, length * 0.12), (-length * 0.1, 0, deck + length * 0.19))
    boom = np.array([[length * x, 0, deck + length * z] for x, z in joints])
    beams = [tube(boom[k : k + 2], length * 0.035, up=(0, 1, 0)) for k in range(2)]
    bucket = box((length * 0.12, width * 0.8, length * 0.12), boom[2])
    return [*beams, bucket], [cabin], [panes]


def _wheels(length: float, width: float, radius: float) -> tuple[list[Mesh], list[Mesh]]:
    """Return four tyres and their hubs."""
    inner, outer = width * 0.05, width * 0.17
    profile = [(1e-4, 0), (radius * 0.9, 0), (radius, inner), (radius, outer), (radius * 0.9, width * 0.22)]
    tyre = revolve([*profile, (1e-4, width * 0.22)], 20)
    hub = cylinder(radius * 0.55, width * 0.23, 12)
    wheelbase = length * 0.29
    places = [((sx * wheelbase, sy * width * 0.45, radius), turned("x", -90 * sy)) for sx in (-1, 1) for sy in (-1, 1)]
    return [tyre.moved(*place) for place in places], [hub.moved(*place) for place in places]


def _headlights(length: float, width: float, floor: float) -> list[Mesh]:
    size = (0.004, width * 0.09, width * 0.08)
    return [ellipsoid(size, (length * 0.5, s * width * 0.33, floor + length * 0.1), 8) for s in (-1, 1)]


def _prism_along_y(outline: list[tuple[float, float]], length: float, width: float) -> Mesh:
    """Return a cross-section in the x-z plane, in shares of ``length``, as wide as ``width`` along y."""
    prism = extrude(np.asarray(outline) * length, width)
    return prism.moved((0, width / 2, 0), turned("x", 90))
