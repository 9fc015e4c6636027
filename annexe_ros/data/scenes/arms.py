"""Forearms and sleeves: smooth tubes from a wrist to where the arm leaves the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annexe_ros.data.scenes.appearance import Generator, Look, cloth, knit, pick_colour, shade, skin
from annexe_ros.data.scenes.objects.model import Part
from annexe_ros.data.scenes.shapes import Floats, Mesh, path_frames, tube

_TONES = np.array(
    [
        [0.95, 0.79, 0.69],
        [0.90, 0.70, 0.57],
        [0.82, 0.60, 0.45],
        [0.68, 0.46, 0.32],
        [0.47, 0.30, 0.20],
        [0.28, 0.18, 0.13],
    ]
)
"""sRGB skin tones from light to dark, to be mixed."""


_UNDER_SLEEVE = 0.04
"""How far bare skin goes on under the cuff [m]."""


@dataclass(frozen=True)
class Sleeve:
    """A sleeve: how many metres of arm, from the wrist, it leaves bare; what it is made of; how far it stands off."""

    bare: float
    look: Look
    thickness: float
    wrinkles: float
    seed: int


def skin_tone(rng: Generator) -> Floats:
    """Return an sRGB tone (3,) from the whole human range."""
    at = rng.uniform(0, len(_TONES) - 1)
    tone = np.array([np.interp(at, np.arange(len(_TONES)), _TONES[:, k]) for k in range(3)])
    return np.clip(tone * rng.uniform(0.93, 1.05) + rng.normal(0, 0.012, 3), 0.05, 1)


def skin_look(rng: Generator, tone: Floats) -> Look:
    """Return the material of skin in a tone."""
    return Look(texture=skin(rng, tone), specular=float(rng.uniform(0.05, 0.3)), shininess=0.3)


def sample_sleeve(rng: Generator) -> Sleeve | None:
    """Return a sleeve of any length, or none: thick knit, or thinner plain or patterned cloth."""
    if rng.random() < 0.3:
        return None
    colour = shade(
        rng,
        pick_colour(
            rng,
            (
                "white",
                "white",
                "black",
                "grey",
                "blue",
                "dark blue",
                "red",
                "beige",
                "green",
                "pink",
                "brown",
                "yellow",
                "purple",
                "light blue",
                "dark green",
                "orange",
            ),
        ),
    )
    seed = int(rng.integers(2**31))
    bare = float(rng.uniform(0.0, 0.30))
    if rng.random() < 0.35:
        return Sleeve(bare, Look(texture=knit(rng, colour), specular=0.0), float(rng.uniform(0.010, 0.022)), 0.10, seed)
    look = Look(texture=cloth(rng, 128), specular=0.05) if rng.random() < 0.35 else Look(colour, specular=0.1)
    return Sleeve(bare, look, float(rng.uniform(0.004, 0.016)), float(rng.uniform(0.1, 0.3)), seed)


def arm_path(wrist: Floats, backwards: Floats, end: Floats, points: int = 40) -> Floats:
    """Return a curve (N, 3) that leaves the wrist along ``backwards`` and bends towards ``end``."""
    span = np.linalg.norm(end - wrist)
    leaving = backwards * float(np.minimum(span, 0.3)) * 0.8
    arriving = (end - wrist) * 0.9
    t = np.linspace(0, 1, points)[:, None]
    return (
        (2 * t**3 - 3 * t**2 + 1) * wrist
        + (t**3 - 2 * t**2 + t) * leaving
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * arriving
    )


def _lengths(path: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def _half_axes(length: Floats, girth: float) -> Floats:
    """Return the arm's half axes (N, 2), along the back of the hand and across it, at distances from the wrist [m]."""
    knots = [0.0, 0.04, 0.12, 0.22, 0.32, 0.6]
    flat = np.interp(length, knots, [0.019, 0.0205, 0.029, 0.038, 0.040, 0.047])
    wide = np.interp(length, knots, [0.027, 0.028, 0.035, 0.041, 0.041, 0.047])
    return np.stack([flat, wide], -1) * girth


def arm_parts(
    path: Floats, back: Floats, skin_material: Look, sleeve: Sleeve | None, girth: float
) -> tuple[list[Part], list[Part]]:
    """Return (bare skin, sleeve) along ``path``; ``back`` is the direction of the back of the hand.

    Skin ends a little way under the cuff, so that its extent is what can be seen of it.
    """
    length = _lengths(path)
    half = _half_axes(length, girth)
    covered = sleeve is not None and sleeve.bare < length[-1] - 0.02
    shown = max(int((length < sleeve.bare + _UNDER_SLEEVE).sum()), 3) if sleeve and covered else len(path)
    bare = tube(path[:shown], half[:shown], up=back, segments=20)
    skin_part = Part(Mesh(bare.vertices, bare.faces, bare.uv * (4, 1) if bare.uv is not None else None), skin_material)
    return [skin_part], [_sleeve_part(path, length, half, back, sleeve)] if sleeve and covered else []


def _sleeve_part(path: Floats, length: Floats, half: Floats, back: Floats, sleeve: Sleeve) -> Part:
    """Return the sleeve as an open tube with a rolled cuff."""
    rng = np.random.default_rng(sleeve.seed)
    at = np.linspace(sleeve.bare, length[-1] + 0.05, 44)
    center = np.stack([np.interp(at, length, path[:, k]) for k in range(3)], -1)
    center[at > length[-1]] += (at[at > length[-1]] - length[-1])[:, None] * path_frames(path, back)[0][-1]
    axes = np.stack([np.interp(at, length, half[:, k]) for k in range(2)], -1).mean(axis=1, keepdims=True)
    angle = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    waves = np.zeros((len(at), len(angle)))
    for k in (1, 2, 3):
        phase = rng.uniform(0, 6) + at[:, None] * rng.uniform(60, 160)
        waves += rng.uniform(0.3, 1) * np.sin(k * angle[None] + phase)
    cuff = 0.004 * np.exp(-(((at - at[0] - 0.012) / 0.012) ** 2))[:, None]
    radii = axes + sleeve.thickness * (1 + sleeve.wrinkles * waves) + cuff
    radii[0] = axes[0] * 0.97
    return Part(tube(center, radii, up=back, segments=22), sleeve.look)
