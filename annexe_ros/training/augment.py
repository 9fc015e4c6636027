"""Augmentation: what a camera could have seen instead. No mirror images, since texts tell left from right."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.training.samples import Sample

MINIMUM_KEPT = 0.7
"""A crop is refused when an instance keeps less than this share of its pixels: its name would lose its meaning."""

SMALLEST_WINDOW = 0.75


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
    size = (width, height)
    if sample.mask.shape == (height, width):
        return sample
    shrinks = sample.mask.shape[0] > height
    return replace(
        sample,
        image=cv2.resize(sample.image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR),
        depth=cv2.resize(sample.depth, size, interpolation=cv2.INTER_NEAREST),
        mask=cv2.resize(sample.mask, size, interpolation=cv2.INTER_NEAREST),
    )


def photometric(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images (B, 3, H, W) of RGB in 0..1 with random exposure, colour cast, saturation, blur and noise."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(len(images), *shape).uniform_(low, high, generator=generator)

    gain = uniform(-0.35, 0.35, 1, 1, 1).exp() * uniform(-0.12, 0.12, 3, 1, 1).exp()
    images = (images * gain).clamp(0, 1) ** uniform(-0.35, 0.35, 1, 1, 1).exp()
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * uniform(0.5, 1.4, 1, 1, 1)
    contrast = uniform(0.75, 1.25, 1, 1, 1)
    images = (images - 0.5) * contrast + 0.5
    blurred = functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
    images = torch.lerp(images, blurred, uniform(-0.4, 1, 1, 1, 1))
    return (images + _noise(images, generator) * uniform(0, 0.03, 1, 1, 1)).clamp_(0, 1)


def _noise(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return standard normal noise (B, 3, H, W): one plane, shifted for each image, since drawing it is the cost."""
    batch, _, height, width = images.shape
    plane = torch.empty(images.shape[1:]).normal_(generator=generator)
    shifts = torch.randint(height * width, (batch,), generator=generator).tolist()
    return torch.stack([plane.roll(shift).view_as(plane) for shift in shifts])
