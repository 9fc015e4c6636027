"""Pools features within boxes as torchvision does, where there is none: its builds must fit PyTorch's exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def roi_align(features: Tensor, boxes: Sequence[Tensor], size: int) -> Tensor:
    """Return (N, C, size, size) averages of bilinear samples, as ``torchvision.ops.roi_align`` with its defaults.

    Args:
        features: (B, C, H, W).
        boxes: per image (K, 4): left, top, right, bottom in pixels of ``features``, whose centres are at whole numbers.
        size: cells along each side of a box; a cell has as many samples per side as it has pixels, rounded up.
    """
    pooled = [_pooled(image[None], box, size) for image, own in zip(features, boxes, strict=True) for box in own]
    return torch.cat(pooled) if pooled else features.new_zeros(0, features.shape[1], size, size)


def _pooled(image: Tensor, box: Tensor, size: int) -> Tensor:
    left, top, right, bottom = box.tolist()
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    columns, rows = math.ceil(width / size), math.ceil(height / size)
    x = _samples(left, width, size * columns, image.shape[3]).to(image)
    y = _samples(top, height, size * rows, image.shape[2]).to(image)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]
    sampled = functional.grid_sample(image, grid, padding_mode="border", align_corners=True)
    inside = ((grid.abs() <= 1 + 2 / (torch.tensor(image.shape[:1:-1]).to(image) - 1)).all(-1)).to(image)
    return functional.avg_pool2d(sampled * inside[:, None], (rows, columns))


def _samples(start: float, length: float, count: int, pixels: int) -> Tensor:
    """Return the places of ``count`` samples for grid_sample: -1 is the first pixel's centre, 1 the last's."""
    places = start + (torch.arange(count) + 0.5) * length / count
    return places * 2 / max(pixels - 1, 1) - 1
