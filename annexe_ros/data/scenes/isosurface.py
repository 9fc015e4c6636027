"""From a signed distance field to a mesh: naive surface nets, and the round cones and smooth unions to build with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annexe_ros.data.scenes.shapes import Mesh

Field = NDArray[np.float32]
_FAR = 0.02
"""Distance [m] beyond which a field only has to be positive; more than any width of ``smooth_union``."""


def round_cone(points: Field, start: ArrayLike, end: ArrayLike, radii: tuple[float, float]) -> Field:
    """Return distances (X, Y, Z) of a regular grid of points (X, Y, Z, 3) to a capsule of two radii.

    Exact near the capsule; ``_FAR`` where it is more than that away.
    """
    a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
    field = np.full(points.shape[:3], _FAR, np.float32)
    reach = max(radii) + _FAR
    block = tuple(
        slice(*np.searchsorted(axis, (min(a[k], b[k]) - reach, max(a[k], b[k]) + reach)))
        for k, axis in enumerate((points[:, 0, 0, 0], points[0, :, 0, 1], points[0, 0, :, 2]))
    )
    axis = b - a
    relative = points[block] - a
    t = np.clip(relative @ axis / np.float32(axis @ axis + 1e-12), 0, 1)
    away = relative - t[..., None] * axis
    field[block] = np.sqrt(np.einsum("...k,...k", away, away)) - (radii[0] + (radii[1] - radii[0]) * t)
    return field


def smooth_union(fields: Sequence[Field], width: float) -> Field:
    """Return the union of fields with seams filled over about ``width`` [m] (polynomial smooth minimum)."""
    total = fields[0]
    for field in fields[1:]:
        h = np.clip(0.5 + 0.5 * (field - total) / width, 0, 1)
        total = field + (total - field) * h - width * h * (1 - h)
    return total


def surface_net(field: Field, origin: ArrayLike, step: float) -> Mesh:
    """Return the surface field = 0 of a regular grid (X, Y, Z), negative inside; one vertex per cell it passes."""
    inside = field < 0
    corners = [
        (slice(i, i - 1 or None), slice(j, j - 1 or None), slice(k, k - 1 or None))
        for i in (0, 1)
        for j in (0, 1)
        for k in (0, 1)
    ]
    count = sum(inside[corner].astype(np.int8) for corner in corners)
    cells = np.argwhere((count > 0) & (count < 8))
    index = np.full(np.array(field.shape) - 1, -1, np.int32)
    index[tuple(cells.T)] = np.arange(len(cells))
    faces = [_quads(inside, index, axis) for axis in range(3)]
    vertices = (cells + _crossings(field, cells)) * step + np.asarray(origin, dtype=float)
    return Mesh(vertices, np.concatenate(faces))


def _crossings(field: Field, cells: NDArray) -> NDArray:
    """Return for each cell the mean (N, 3), in cell units, of where its twelve edges cross the surface."""
    offsets = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    values = np.stack([field[tuple((cells + offset).T)] for offset in offsets], -1)
    total, hits = np.zeros((len(cells), 3)), np.zeros((len(cells), 1))
    for a in range(8):
        for b in range(a + 1, 8):
            if np.abs(offsets[a] - offsets[b]).sum() != 1:
                continue
            first, second = values[:, a], values[:, b]
            crosses = ((first < 0) != (second < 0))[:, None]
            t = (first / np.where(first == second, 1, first - second))[:, None]
            total += np.where(crosses, offsets[a] + t * (offsets[b] - offsets[a]), 0)
            hits += crosses
    return total / np.maximum(hits, 1)


def _quads(inside: NDArray, index: NDArray, axis: int) -> NDArray[np.int32]:
    """Return the triangles around every grid edge along ``axis`` that changes sign, facing outwards."""
    along = np.moveaxis(inside, axis, 0)
    cells = np.moveaxis(index, axis, 0)
    changes = along[:-1] != along[1:]
    i, j, k = np.nonzero(changes[:, 1:-1, 1:-1])
    j, k = j + 1, k + 1
    ring = np.stack([cells[i, j - 1, k - 1], cells[i, j, k - 1], cells[i, j, k], cells[i, j - 1, k]], -1)
    flip = ~along[i, j, k] ^ (axis == 1)
    ring[flip] = ring[flip][:, ::-1]
    return np.concatenate([ring[:, [0, 1, 2]], ring[:, [0, 2, 3]]])
