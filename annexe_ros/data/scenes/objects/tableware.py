"""Mugs, bowls, bottles and kettles."""

from __future__ import annotations

import numpy as np

from annexe_ros.data.scenes.appearance import COLOURS, Generator, Look, cloth, pick_colour, printed, shade
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, parts_of
from annexe_ros.data.scenes.shapes import Floats, Mesh, arc, cylinder, ellipsoid, revolve, tube, vessel


def curve(points: list[tuple[float, float]], count: int = 18) -> Floats:
    """Return a smooth profile (count, 2) through a few (radius, height) points."""
    knots = np.asarray(points, dtype=float)
    at = np.linspace(0, len(knots) - 1, count)
    smooth = np.linspace(0, 1, 3)
    coarse = np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in range(2)], -1)
    padded = np.concatenate([coarse[:1], coarse, coarse[-1:]])
    kernel = np.ones(len(smooth)) / len(smooth)
    return np.stack([np.convolve(padded[:, k], kernel, mode="valid") for k in range(2)], -1)


def glaze(rng: Generator, colour: str, patterned: float = 0.25) -> Look:
    """Return a shiny coat in a colour, at times with a print or a pattern."""
    specular, shininess = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.4, 0.9))
    if rng.random() >= patterned:
        return Look(shade(rng, colour), None, specular, shininess)
    picture = printed(rng) if rng.random() < 0.4 else cloth(rng, 128)
    tint = np.array(COLOURS[colour]) * 255
    return Look(texture=(0.35 * picture + 0.65 * tint).astype(np.uint8), specular=specular, shininess=shininess)


def ear(inner: float, height: float, reach: float, thickness: float, flat: float = 1.0) -> Mesh:
    """Return a handle in the x-z plane that leaves a wall at x = inner and comes back to it."""
    bow = arc((reach, height / 2), -82, 82) + np.array([inner, 0, 0])
    return tube(bow, np.tile([thickness, thickness * flat], (len(bow), 1)), up=(0, 1, 0))


def band(radius: float, low: float, high: float, span: float) -> Mesh:
    """Return a label that covers ``span`` degrees of a cylinder's front (-y)."""
    angle = np.radians(np.linspace(-span / 2, span / 2, 14) - 90)
    points = np.stack([np.cos(angle) * radius, np.sin(angle) * radius], -1)
    vertices = np.concatenate([np.insert(points, 2, z, axis=1) for z in (low, high)])
    k = np.arange(13)
    faces = np.concatenate([np.stack([k, k + 1, k + 15], -1), np.stack([k, k + 15, k + 14], -1)])
    u = np.tile(np.linspace(0, 1, 14), 2)
    return Mesh(vertices, faces.astype(np.int32), np.stack([u, np.repeat([1.0, 0.0], 14)], -1))


def mug(rng: Generator) -> ObjectModel:
    """Return a mug: straight, tapered or bellied, with an ear."""
    height, radius = rng.uniform(0.075, 0.12), rng.uniform(0.034, 0.048)
    base, belly = radius * rng.uniform(0.7, 1.02), radius * rng.uniform(0.95, 1.12)
    colour = pick_colour(rng)
    outside = glaze(rng, colour)
    profile = curve([(base * 0.9, 0), (base, 0.004), (belly, height * 0.5), (radius, height)])
    meshes = [vessel(profile, 0.004)]
    thickness = rng.uniform(0.0045, 0.007)
    handle = ear(
        radius * 0.93, height * rng.uniform(0.5, 0.72), rng.uniform(0.022, 0.034), thickness, rng.uniform(0.8, 1.8)
    )
    handle = handle.moved((0, 0, height * rng.uniform(0.48, 0.55)))
    groups = [(outside, meshes), (Look(shade(rng, colour), specular=0.5), [handle])]
    if rng.random() < 0.35:
        groups.append(
            (
                Look((0.2, 0.1, 0.04) if rng.random() < 0.6 else (0.75, 0.6, 0.4), specular=0.6),
                [flat_disc(radius * 0.92, height * 0.75)],
            )
        )
    grips = (
        Grip(GripKind.WRAP, (0, 0, height * 0.55), (0, 0, 1), (-1, 0, 0), radius),
        Grip(GripKind.WRAP, (radius + 0.022, 0, height * 0.5), (0, 0, 1), (1, 0, 0), 0.008),
        Grip(GripKind.PINCH, (0, -radius, height), (0, 1, 0), (0, 0, 1), 0.004),
    )
    return ObjectModel("mug", colour, parts_of(groups), grips)


def flat_disc(radius: float, height: float) -> Mesh:
    """Return a disc facing up."""
    return revolve([(radius, height), (1e-4, height)], 24)


def bowl(rng: Generator) -> ObjectModel:
    """Return a bowl, deep or flat, with a foot; never so deep that it is a bucket."""
    radius, height = rng.uniform(0.055, 0.10), rng.uniform(0.04, 0.075)
    height = min(height, 0.85 * radius)
    colour = pick_colour(rng)
    foot = radius * rng.uniform(0.35, 0.55)
    steep = rng.uniform(0.35, 0.75)
    profile = curve([(foot, 0), (foot, 0.006), (radius * 0.8, height * steep), (radius, height)], 16)
    groups = [(glaze(rng, colour, 0.3), [vessel(profile, 0.004, 36)])]
    if rng.random() < 0.25:
        groups.append(
            (
                Look(shade(rng, pick_colour(rng)), specular=0.1),
                [ellipsoid((radius * 0.75, radius * 0.75, height * 0.2), (0, 0, height * 0.65))],
            )
        )
    rims = [np.array([np.cos(a), np.sin(a), 0]) for a in np.radians([-90, 0, 180, -45, 225])]
    grips = tuple(
        Grip(
            GripKind.PINCH,
            tuple(rim * radius * 0.97 + (0, 0, height * 0.95)),
            tuple(rim),
            tuple(rim + np.array([0, 0, 0.6])),
            0.005,
        )
        for rim in rims
    )
    return ObjectModel("bowl", colour, parts_of(groups), grips)


def bottle(rng: Generator) -> ObjectModel:
    """Return a bottle: water, wine, thermos or squeeze, with cap and label."""
    height, radius = rng.uniform(0.17, 0.30), rng.uniform(0.028, 0.042)
    shoulder, neck = height * rng.uniform(0.6, 0.85), radius * rng.uniform(0.3, 0.75)
    waist = radius * rng.uniform(0.85, 1.0)
    colour = pick_colour(rng)
    profile = curve(
        [
            (radius * 0.9, 0),
            (radius, 0.006),
            (waist, shoulder * 0.5),
            (radius, shoulder * 0.9),
            (neck, shoulder + (height - shoulder) * 0.5),
            (neck, height),
        ],
        26,
    )
    body = revolve(np.concatenate([[(1e-4, 0)], profile, [(1e-4, height)]]))
    cap_height = rng.uniform(0.015, 0.035)
    cap = cylinder(neck * 1.15 + 0.002, cap_height).moved((0, 0, height - cap_height * 0.4))
    groups = [
        (Look(shade(rng, colour), specular=0.8, shininess=0.8), [body]),
        (Look(shade(rng, pick_colour(rng)), specular=0.4), [cap]),
    ]
    if rng.random() < 0.75:
        low = shoulder * rng.uniform(0.15, 0.35)
        label = band(radius * 1.03, low, low + shoulder * rng.uniform(0.3, 0.5), rng.uniform(100, 360))
        groups.append((Look(texture=printed(rng), specular=0.2), [label]))
    grips = (
        Grip(GripKind.WRAP, (0, 0, height * 0.42), (0, 0, 1), (0, -1, 0), radius),
        Grip(GripKind.WRAP, (0, 0, shoulder), (0, 0, 1), (0, -1, 0), radius * 0.8),
        Grip(GripKind.PINCH, (0, 0, height + cap_height * 0.3), (1, 0, 0), (0, 0, 1), neck + 0.002, carries=False),
    )
    return ObjectModel("bottle", colour, parts_of(groups), grips)


def kettle(rng: Generator) -> ObjectModel:
    """Return a kettle: pot-bellied body, spout, lid with knob, and a handle at the back or overhead."""
    height, radius = rng.uniform(0.13, 0.19), rng.uniform(0.07, 0.095)
    colour = pick_colour(rng, ("silver", "silver", "white", "black", "red", "blue", "green", "beige", "pink", "grey"))
    top = radius * rng.uniform(0.5, 0.85)
    profile = curve(
        [(radius * 0.9, 0), (radius, 0.01), (radius * rng.uniform(0.85, 1.05), height * 0.5), (top, height)], 20
    )
    body = revolve(np.concatenate([[(1e-4, 0)], profile, [(1e-4, height)]]), 36)
    lid = ellipsoid((top * 0.95, top * 0.95, 0.018), (0, 0, height))
    knob = ellipsoid((0.012, 0.012, 0.014), (0, 0, height + 0.026))
    reach = rng.uniform(0.045, 0.085)
    start, end = (
        np.array([-radius * 0.8, 0, height * rng.uniform(0.35, 0.6)]),
        np.array([-radius - reach, 0, height * rng.uniform(0.85, 1.05)]),
    )
    bend = (start + end) / 2 + (-0.012, 0, -0.012)
    t = np.linspace(0, 1, 10)[:, None]
    spout = tube(
        (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end, np.linspace(0.024, 0.011, 10), up=(0, 1, 0)
    )
    dark = Look(shade(rng, pick_colour(rng, ("black", "black", "brown", "grey", colour))), specular=0.2)
    thickness = rng.uniform(0.008, 0.012)
    if rng.random() < 0.5:
        bow = arc((radius * 0.85, rng.uniform(0.07, 0.1)), 5, 175, 18) + np.array([0, 0, height * 0.9])
        grip = Grip(GripKind.WRAP, tuple(bow[9]), (1, 0, 0), (0, 0, 1), thickness)
    else:
        rise = height * rng.uniform(0.6, 0.8)
        bow = arc((rng.uniform(0.045, 0.065), rise / 2), -85, 85, 16) + np.array([radius * 0.88, 0, height * 0.55])
        grip = Grip(GripKind.WRAP, tuple(bow[8]), (0, 0, 1), (1, 0, 0), thickness)
    handle = tube(bow, thickness, up=(0, 1, 0))
    coat = Look(shade(rng, colour), specular=0.9, shininess=0.7)
    groups = [(coat, [body, spout, lid]), (dark, [handle, knob])]
    if rng.random() < 0.5:
        groups.append((dark, [cylinder(radius * 1.08, 0.02).moved((0, 0, -0.012))]))
    lid_grip = Grip(GripKind.PINCH, (0, 0, height + 0.03), (1, 0, 0), (0, -0.5, 1), 0.012, carries=False)
    return ObjectModel("kettle", colour, parts_of(groups), (grip, grip, grip, lid_grip))
