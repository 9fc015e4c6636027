"""The lights of a scene: sun or window with hard shadows and stripes, lamps, and how bright it all is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.shapes import Floats


@dataclass(frozen=True)
class Stripes:
    """Light through blinds or a window frame: bands across the sun's direction; width [m], share lit, edge softness."""

    period: float
    lit: float
    softness: float
    angle: float
    phase: float
    jitter: float


@dataclass(frozen=True, eq=False)
class Lighting:
    """Lights in world coordinates, intensities in display units.

    Attributes:
        sun: (3,) direction in which the main light travels; it casts shadows.
        sun_colour: (3,) intensity.
        ambient: (3,) light from everywhere.
        fills: (position (3,), colour (3,)) of soft lights without shadows.
        stripes: pattern in the main light; None is an open window.
        patch: centre (2,), radius [m] and strength of an over-exposed patch of light; None for none.
    """

    sun: Floats
    sun_colour: Floats
    ambient: Floats
    fills: tuple[tuple[Floats, Floats], ...]
    stripes: Stripes | None
    patch: tuple[Floats, float, float] | None


def sample_lighting(rng: Generator) -> Lighting:
    """Return one to three lights, at times hard stripes of sun or a washed-out patch."""
    warmth = rng.normal(0, 0.07)
    tint = np.clip(np.array([1 + warmth, 1.0, 1 - warmth]), 0.6, 1.4)
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(28, 80))
    sun = -np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    hard = rng.random()
    strength, ambient = rng.uniform(0.3, 0.75), rng.uniform(0.25, 0.6)
    fills = tuple(
        (np.append(rng.uniform(-1.5, 1.5, 2), rng.uniform(0.8, 2.0)), tint[::-1] * rng.uniform(0.05, 0.3))
        for _ in range(int(rng.integers(0, 3)))
    )
    stripes = _sample_stripes(rng) if hard < 0.28 else None
    if stripes:
        strength, ambient = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.4)
    patch = None
    if rng.random() < 0.25:
        patch = (rng.uniform((-0.8, -0.2), (0.8, 1.2)), float(rng.uniform(0.15, 0.6)), float(rng.uniform(0.3, 1.1)))
    return Lighting(sun, tint * strength, tint * ambient, fills, stripes, patch)


def _sample_stripes(rng: Generator) -> Stripes:
    return Stripes(
        float(rng.uniform(0.05, 0.5)),
        float(rng.uniform(0.35, 0.75)),
        float(rng.uniform(0.03, 0.3)),
        float(rng.uniform(0, np.pi)),
        float(rng.uniform(0, 1)),
        float(rng.uniform(0, 0.3)),
    )


def sunlit_share(lighting: Lighting, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much of the main light (H, W) the blinds let through to world points (H, W, 3): 0 to 1."""
    stripes = lighting.stripes
    if stripes is None:
        return np.ones(points.shape[:2], np.float32)
    across = np.array([np.cos(stripes.angle), np.sin(stripes.angle), 0.0])
    across -= lighting.sun * (across @ lighting.sun)
    at = (points @ across.astype(np.float32)) / np.float32(stripes.period) + np.float32(stripes.phase)
    at = at + np.float32(stripes.jitter) * np.sin(at * np.float32(1.7))
    distance = np.abs(at - np.floor(at) - 0.5) * 2
    return np.clip((stripes.lit - distance) / stripes.softness + 0.5, 0, 1).astype(np.float32)


def glare(lighting: Lighting, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the extra brightness (H, W) of the over-exposed patch at world points (H, W, 3)."""
    if lighting.patch is None:
        return np.zeros(points.shape[:2], np.float32)
    center, radius, strength = lighting.patch
    away = ((points[..., :2] - center.astype(np.float32)) ** 2).sum(axis=-1) / np.float32(radius**2)
    return np.float32(strength) * np.exp(-away)
