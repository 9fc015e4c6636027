"""What surfaces look like: colours with names, materials, and procedural image textures.

Textures are (H, W, 3) uint8 RGB images made from seeded noise. Knows nothing of MuJoCo or of what wears a material.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.uint8]
Generator = np.random.Generator

COLOURS: dict[str, tuple[float, float, float]] = {
    "white": (0.92, 0.92, 0.90),
    "black": (0.06, 0.06, 0.07),
    "grey": (0.50, 0.50, 0.51),
    "silver": (0.74, 0.75, 0.77),
    "red": (0.76, 0.10, 0.10),
    "orange": (0.93, 0.46, 0.09),
    "yellow": (0.92, 0.79, 0.16),
    "green": (0.22, 0.58, 0.20),
    "dark green": (0.07, 0.29, 0.15),
    "blue": (0.13, 0.30, 0.75),
    "light blue": (0.48, 0.73, 0.88),
    "dark blue": (0.07, 0.11, 0.33),
    "purple": (0.44, 0.18, 0.56),
    "pink": (0.91, 0.47, 0.61),
    "brown": (0.36, 0.21, 0.11),
    "beige": (0.82, 0.72, 0.56),
}
"""Common colour names and the sRGB value in the middle of each."""


@dataclass(frozen=True, eq=False)
class Look:
    """A material: sRGB colour 0..1, or a texture in its place, how much it mirrors the lights, and how tightly."""

    colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    texture: Image | None = None
    specular: float = 0.2
    shininess: float = 0.4


def shade(rng: Generator, name: str, spread: float = 0.05) -> tuple[float, float, float]:
    """Return an sRGB value that people would still call ``name``."""
    value = np.array(COLOURS[name]) * rng.uniform(0.85, 1.1) + rng.normal(0, spread * 0.5, 3)
    red, green, blue = np.clip(value, 0.02, 0.98)
    return float(red), float(green), float(blue)


def pick_colour(rng: Generator, names: Sequence[str] = tuple(COLOURS)) -> str:
    """Return one of the colour names, evenly."""
    return names[int(rng.integers(len(names)))]


def noise(rng: Generator, shape: tuple[int, int], scale: float, octaves: int = 4, stretch: float = 1.0) -> NDArray:
    """Return smooth noise (H, W) float32 in 0..1; ``scale`` is the share of the image that the coarsest blob spans.

    ``stretch`` > 1 draws the blobs out along the rows.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cells = 2**octave / scale
        grid = rng.random((max(2, round(cells)) + 1, max(2, round(cells / stretch)) + 1), dtype=np.float32)
        total += cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC) * 0.5**octave
    low, high = total.min(), total.max()
    return (total - low) / (high - low + 1e-6)


def blend(amount: NDArray, first: ArrayLike, second: ArrayLike) -> Image:
    """Return the image that is ``first`` where amount (H, W) is 0 and ``second`` where it is 1; sRGB values 0..1."""
    mix = amount[..., None]
    return to_bytes((1 - mix) * np.asarray(first, np.float32) + mix * np.asarray(second, np.float32))


def to_bytes(image: NDArray) -> Image:
    """Return an image of floats 0..1 as uint8."""
    return np.clip(image * 255, 0, 255).astype(np.uint8)


def wood(rng: Generator, size: int = 288) -> Image:
    """Return planks or veneer: stretched grain, rings, and at times joints."""
    tone = np.array(
        [[0.62, 0.43, 0.26], [0.40, 0.25, 0.14], [0.78, 0.62, 0.42], [0.25, 0.16, 0.10], [0.58, 0.50, 0.42]]
    )
    base = tone[rng.integers(len(tone))] * rng.uniform(0.8, 1.15)
    warp = noise(rng, (size, size), 0.6, 3, stretch=4) * rng.uniform(4, 14)
    rows = np.linspace(0, rng.uniform(4, 12), size, dtype=np.float32)[:, None]
    grain = 0.5 + 0.5 * np.sin(2 * np.pi * (rows + warp * 0.4))
    fine = noise(rng, (size, size), 0.04, 2, stretch=12)
    amount = 0.55 * grain + 0.45 * fine
    planks = int(rng.integers(0, 6))
    image = blend(amount, base * rng.uniform(0.6, 0.85), base * 1.12)
    if planks > 1:
        step = size // planks
        tint = rng.uniform(0.8, 1.1, planks + 1)[np.arange(size) // step]
        tint[np.arange(size) % step < 2] *= 0.5
        image = to_bytes(image / 255 * tint[:, None, None])
    return image


def marble(rng: Generator, size: int = 288) -> Image:
    """Return stone with veins."""
    light = rng.random() < 0.75
    base, vein = (0.88, 0.55) if light else (0.18, 0.55)
    tint = 1 + rng.normal(0, 0.03, 3)
    flow = noise(rng, (size, size), 0.7, 5)
    slope = rng.uniform(-2, 2)
    line = np.linspace(0, 1, size, dtype=np.float32)
    field = (line[:, None] + slope * line[None] + rng.uniform(0.3, 0.9) * flow) * rng.uniform(3, 8)
    veins = (1 - np.abs(np.sin(np.pi * field))) ** rng.uniform(8, 40)
    veins *= noise(rng, (size, size), 0.3, 2)
    cloud = noise(rng, (size, size), 0.4, 4) * 0.25
    return blend(np.clip(veins + cloud, 0, 1), base * tint, vein * tint)


def stone(rng: Generator, size: int = 288) -> Image:
    """Return speckled granite or terrazzo."""
    base = rng.uniform(0.2, 0.85) * (1 + rng.normal(0, 0.05, 3))
    speckle = cv2.GaussianBlur(rng.random((size, size), dtype=np.float32), (0, 0), rng.uniform(0.6, 2.0))
    speckle = (speckle - speckle.mean()) / (speckle.std() + 1e-6) * rng.uniform(0.03, 0.10)
    return to_bytes(base + speckle[..., None] + 0.1 * (noise(rng, (size, size), 0.5)[..., None] - 0.5))


def plain(rng: Generator, size: int = 128) -> Image:
    """Return a nearly even coat of paint or laminate with faint stains."""
    colour = np.array(
        shade(rng, pick_colour(rng, ("white", "white", "white", "grey", "beige", "light blue", "brown", "black")))
    )
    return to_bytes(colour + rng.uniform(0.02, 0.08) * (noise(rng, (size, size), 0.6)[..., None] - 0.5))


def tiles(rng: Generator, size: int = 288) -> Image:
    """Return tiles with joints; at times checkered or with marbled faces."""
    face = (
        marble(rng, size) if rng.random() < 0.4 else stone(rng, size) if rng.random() < 0.4 else plain(rng, size)
    ) / 255
    count = int(rng.integers(2, 7))
    cell = np.arange(size) * count // size
    face = face * rng.uniform(0.92, 1.05, (count, count))[cell][:, cell][..., None]
    if rng.random() < 0.2:
        face = np.where(((cell[:, None] + cell[None]) % 2 == 0)[..., None], face, face * rng.uniform(0.2, 0.6))
    joint = np.arange(size) * count % size < count * rng.integers(1, 4)
    face[joint | joint[:, None]] *= rng.uniform(0.4, 0.8)
    return to_bytes(face)


def cloth(rng: Generator, size: int = 288) -> Image:
    """Return woven cloth: plain, striped, checked, dotted or flowered."""
    first, second = np.array(shade(rng, pick_colour(rng))), np.array(shade(rng, pick_colour(rng)))
    pattern = _PATTERNS[int(rng.integers(len(_PATTERNS)))](rng, size)
    weave = noise(rng, (size, size), 0.01, 1) * 0.10 + 0.95
    return to_bytes(blend(pattern, first, second) / 255 * weave[..., None])


def _no_pattern(rng: Generator, size: int) -> NDArray:
    return noise(rng, (size, size), 0.5) * 0.1


def _stripes(rng: Generator, size: int) -> NDArray:
    wave = np.sin(np.arange(size, dtype=np.float32) * 2 * np.pi * rng.integers(4, 24) / size) > rng.uniform(-0.7, 0.7)
    rows = np.broadcast_to(wave[:, None], (size, size)).astype(np.float32)
    return rows if rng.random() < 0.5 else rows.T.copy()


def _checks(rng: Generator, size: int) -> NDArray:
    return 0.5 * _stripes(rng, size) + 0.5 * _stripes(rng, size).T


def _dots(rng: Generator, size: int) -> NDArray:
    count = int(rng.integers(5, 16))
    place = (np.arange(size, dtype=np.float32) * count / size) % 1 - 0.5
    return (place[:, None] ** 2 + place[None] ** 2 < rng.uniform(0.02, 0.12)).astype(np.float32)


def _flowers(rng: Generator, size: int) -> NDArray:
    canvas = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(15, 50))):
        center, petal = rng.uniform(0, size, 2), rng.uniform(4, 14)
        for angle in np.arange(5) * 2 * np.pi / 5:
            where = center + petal * np.array([np.cos(angle), np.sin(angle)])
            cv2.circle(canvas, (int(where[0]), int(where[1])), int(petal * 0.6), float(rng.uniform(0.5, 1)), -1)
    return canvas


_PATTERNS: tuple[Callable[[Generator, int], NDArray], ...] = (
    _no_pattern,
    _no_pattern,
    _stripes,
    _checks,
    _dots,
    _flowers,
)


def carpet(rng: Generator, size: int = 288) -> Image:
    """Return a rough carpet with a patterned weave."""
    image = cloth(rng, size) / 255
    pile = rng.normal(1, 0.12, (size, size, 1))
    return to_bytes(image * pile)


def knit(rng: Generator, colour: ArrayLike, size: int = 128) -> Image:
    """Return ribbed knitwear of a colour; columns run along the sleeve."""
    across = 0.5 + 0.5 * np.cos(np.arange(size) * 2 * np.pi * rng.integers(6, 14) / size)
    along = 0.5 + 0.5 * np.cos(np.arange(size) * 2 * np.pi * rng.integers(10, 30) / size)
    relief = 0.72 + 0.2 * across[:, None] + 0.08 * along[None] + rng.normal(0, 0.03, (size, size))
    return to_bytes(np.asarray(colour) * relief[..., None])


def skin(rng: Generator, colour: ArrayLike, size: int = 128) -> Image:
    """Return skin: blotches, redder patches and faint creases around a tone."""
    tone = np.asarray(colour, dtype=float)
    blotch = noise(rng, (size, size), 0.4, 4) - 0.5
    warm = noise(rng, (size, size), 0.6, 2) - 0.5
    image = tone * (1 + 0.14 * blotch[..., None]) + warm[..., None] * np.array([0.05, -0.01, -0.01]) * tone.mean() * 2
    return to_bytes(image)


def printed(rng: Generator, size: int = 128) -> Image:
    """Return printed matter: a page, poster, label or toy decal with blocks, lines and discs."""
    image = np.full((size, size, 3), np.array(shade(rng, pick_colour(rng))) * 255, np.uint8)
    if rng.random() < 0.5:
        image[:] = rng.integers(205, 250)
    for _ in range(int(rng.integers(2, 9))):
        colour = tuple(int(c * 255) for c in shade(rng, pick_colour(rng)))
        x, y = (int(c) for c in rng.integers(0, size, 2))
        w, h = (int(c) for c in rng.integers(size // 12, size // 2, 2))
        if rng.random() < 0.4:
            cv2.circle(image, (x, y), h // 2, colour, -1)
        else:
            cv2.rectangle(image, (x, y), (x + w, y + h), colour, -1)
    if rng.random() < 0.6:
        ink = int(rng.integers(0, 90))
        for row in range(int(rng.integers(4, 20)), size, int(rng.integers(6, 14))):
            cv2.line(image, (8, row), (int(rng.integers(size // 2, size)), row), (ink, ink, ink), 1 + size // 100)
    return image


def scenery(rng: Generator, size: int = 192) -> Image:
    """Return a colourful noise picture, for screens, posters and walls that resemble nothing in particular."""
    channels = [noise(rng, (size, size), rng.uniform(0.1, 0.8), 4) for _ in range(3)]
    image = np.stack(channels, -1) * rng.uniform(0.4, 1.2) * np.array(shade(rng, pick_colour(rng))) * 1.6
    return to_bytes(image)


def muted(rng: Generator, image: Image) -> Image:
    """Return the image as often seen in homes: most of the time with little colour, at times paler."""
    if rng.random() < 0.35:
        return image
    grey = image.mean(axis=-1, keepdims=True, dtype=np.float32)
    faded = grey + (image - grey) * np.float32(rng.uniform(0.05, 0.55))
    if rng.random() < 0.4:
        faded = 255 - (255 - faded) * np.float32(rng.uniform(0.25, 0.8))
    return faded.astype(np.uint8)


def wrinkled(rng: Generator, image: Image, depth: float) -> tuple[Image, NDArray]:
    """Paint folds with shade and sheen onto cloth; return the image and the folds' height (H, W) in 0..1."""
    size = image.shape[0]
    folds = noise(rng, (size, size), rng.uniform(0.15, 0.5), 4, stretch=rng.uniform(1, 4))
    height = cv2.GaussianBlur(1 - np.abs(2 * folds - 1), (0, 0), size / 120)
    if rng.random() < 0.5:
        height = np.ascontiguousarray(height.T)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * cv2.Sobel(height, cv2.CV_32F, 1, 0) + np.sin(angle) * cv2.Sobel(height, cv2.CV_32F, 0, 1)
    slope = depth * slope / (slope.std() + 1e-6)
    sheen = np.clip(slope - 0.25, 0, 1) ** 2 * rng.uniform(0, 1.2)
    return to_bytes(image / 255 * np.clip(1 + slope, 0.35, 1.8)[..., None] + sheen[..., None]), height
