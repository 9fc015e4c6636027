"""From mask logits in cells of a few pixels to a label image of the frame's size, drawn only where masks are.

Bilinear interpolation is two products with the weights that ``interpolate`` uses, hence any box of the image can be had
alone. It knows no names and no model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Size = tuple[int, int]


def label_image(logits: Tensor, size: Size) -> NDArray[np.uint8]:
    """Return labels (H, W) = ``size``: which of the maps (S, h, w) is largest and positive, from 1 on; else 0."""
    labels = torch.zeros(size, dtype=torch.uint8, device=logits.device)
    best = torch.zeros(size, dtype=torch.float32, device=logits.device)
    sides = tuple(zip(logits.shape[1:], size, strict=True))
    rows, columns = (_weights(count, pixels, logits.device) for count, pixels in sides)
    for value, values, cells in _positive(logits.float()):
        pixels = tuple(_reach(part, *side) for part, side in zip(cells, sides, strict=True))
        inside = rows[pixels[0], cells[0]] @ values[cells] @ columns[pixels[1], cells[1]].T
        stronger = inside > best[pixels]
        best[pixels] = torch.where(stronger, inside, best[pixels])
        labels[pixels] = torch.where(stronger, labels.new_tensor(value), labels[pixels])
    return labels.cpu().numpy()


def cells_of(labels: NDArray[np.uint8], shape: Size) -> NDArray[np.uint8]:
    """Return the labels (h, w) at the middles of so many cells."""
    rows, columns = (
        ((np.arange(cells) + 0.5) * pixels / cells).astype(np.intp)
        for cells, pixels in zip(shape, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


def members(value: int, cells: NDArray[np.uint8], logits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the cells (h, w) of a label that has pixels; of a mask between the cells' middles, its strongest cell."""
    found = cells == value
    return found if found.any() else logits == logits.max()


def _positive(logits: Tensor) -> Iterator[tuple[int, Tensor, tuple[slice, slice]]]:
    """Yield label, map and the box of cells that matter for its positive pixels, of the maps that have any."""
    positive = (logits > 0).cpu().numpy()
    for value, (values, where) in enumerate(zip(logits, positive, strict=True), start=1):
        if where.any():
            rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
            yield value, values, (_widened(rows, where.shape[0]), _widened(columns, where.shape[1]))


def _widened(indices: NDArray[np.intp], limit: int) -> slice:
    """Return the range of indices and one more on either side: a pixel between two cells reads both."""
    return slice(max(0, int(indices[0]) - 1), min(limit, int(indices[-1]) + 2))


def _reach(cells: slice, count: int, pixels: int) -> slice:
    """Return the pixels between the middles of the first and the last of those cells, or up to the image's border."""
    share = pixels / count
    first = 0 if cells.start == 0 else math.floor((cells.start + 0.5) * share - 0.5)
    last = pixels if cells.stop == count else math.ceil((cells.stop - 0.5) * share - 0.5) + 1
    return slice(max(0, first), min(pixels, last))


@lru_cache(maxsize=16)
def _weights(cells: int, pixels: int, device: torch.device) -> Tensor:
    """Return (pixels, cells): how much of each cell is in each pixel."""
    identity = torch.eye(cells).unsqueeze(0)
    return functional.interpolate(identity, pixels, mode="linear", align_corners=False)[0].T.contiguous().to(device)
