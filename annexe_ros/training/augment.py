"""Augmentation: what a camera could have seen instead. Mirror images are made before, with their texts (samples)."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.training.samples import Sample

MINIMUM_KEPT = 0.7
"""A crop is refused when an instance keeps less than this share of its pixels: its name would lose its meaning."""

SMALLEST_WINDOW = 0.75
BLUR_SHARE = 0.15
NOISE_GRAIN = 16_381


def crop(sample: Sample, aspect: float, rng: np.random.Generator, tries: int = 4) -> Sample:
    """Return the sample cut to a random window of about ``aspect`` (width / height), or whole when none fits."""
    height, width = sample.mask.shape
    counts = np.bincount(sample.mask.ravel(), minlength=256)[1:]
    for _ in range(tries):
        rows, columns = _window_size(height, width, aspect * rng.uniform(0.87, 1.15), rng.uniform(SMALLEST_WINDOW, 1))
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        window = slice(top, top + rows), slice(left, left + columns)
        kept = np.bincount(sample.mask[window].ravel(), minlength=256)[1:]
        if (kept >= MINIMUM_KEPT * counts).all():
            return replace(sample, image=sample.image[window], depth=sample.depth[window], mask=sample.mask[window])
    return sample


def _window_size(height: int, width: int, aspect: float, scale: float) -> tuple[int, int]:
    """Return (rows, columns) of the largest window of that aspect, times ``scale``."""
    rows, columns = min(height, width / aspect), min(width, height * aspect)
    return max(1, int(rows * scale)), max(1, int(columns * scale))


def resize(sample: Sample, height: int, width: int) -> Sample:
    """Return the sample at the given size; instances and depth take the nearest pixel."""
    if sample.mask.shape == (height, width):
        return sample
    smooth = cv2.INTER_AREA if sample.mask.shape[0] > height else cv2.INTER_LINEAR
    return replace(
        sample,
        image=np.asarray(cv2.resize(sample.image, (width, height), interpolation=smooth)),
        depth=nearest(sample.depth, height, width),
        mask=nearest(sample.mask, height, width),
    )


def nearest(pixels: NDArray, height: int, width: int) -> NDArray:
    """Return a map (H, W) at another size by the pixel whose centre lies nearest.

    Not by ``cv2.INTER_NEAREST``, which takes the pixel up and to the left: half a pixel beside the image.
    """
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT))


def photometric(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return an RGB image (H, W, 3) with random saturation, exposure, colour cast, contrast, blur and noise.

    Mild: generated scenes are photographed with faults of their own, and stronger ones cost recognition.
    """
    pixels = cv2.LUT(cv2.transform(image, _saturation(rng.uniform(0.65, 1.3))), _tone_curves(rng))
    if rng.random() < BLUR_SHARE:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.0))
    return _with_noise(pixels, rng.uniform(0, 5), rng)


def _saturation(amount: float) -> NDArray[np.float32]:
    """Return the matrix (3, 3) that moves colours away from their grey by ``amount``."""
    return (np.eye(3) * amount + (1 - amount) / 3).astype(np.float32)


def _tone_curves(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a table (256, 1, 3): exposure, colour cast, gamma and contrast of each channel."""
    gain = np.exp(rng.uniform(-0.25, 0.25) + rng.uniform(-0.1, 0.1, 3))
    levels = np.linspace(0, 1, 256)[:, None, None] * gain
    levels = np.clip(levels, 0, 1) ** np.exp(rng.uniform(-0.25, 0.25))
    levels = (levels - 0.5) * rng.uniform(0.8, 1.2) + 0.5
    return np.clip(levels * 255, 0, 255).astype(np.uint8)


def _with_noise(image: NDArray, sigma: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the image with normal noise of ``sigma`` grey levels; a grain repeats, since drawing it is the cost."""
    grain = rng.normal(0, sigma, NOISE_GRAIN).astype(np.int16)
    noise = np.resize(np.roll(grain, int(rng.integers(NOISE_GRAIN))), image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
