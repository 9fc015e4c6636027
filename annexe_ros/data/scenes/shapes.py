"""Triangle meshes made with numpy: the shapes that objects, arms and furniture are assembled from.

Lengths are metres, z is up, and every function returns a closed or at least outward-facing ``Mesh``. Knows nothing of
MuJoCo, colours or scenes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices (V, 3) [m], faces (F, 3) counter-clockwise seen from outside, texture coordinates (V, 2) or None."""

    vertices: Floats
    faces: NDArray[np.int32]
    uv: Floats | None = None

    def moved(self, offset: ArrayLike = (0, 0, 0), rotation: Rotation | None = None, scale: ArrayLike = 1.0) -> Mesh:
        """Return the mesh scaled, then rotated, then shifted."""
        vertices = self.vertices * np.asarray(scale, dtype=float)
        if rotation is not None:
            vertices = rotation.apply(vertices)
        return replace(self, vertices=vertices + np.asarray(offset, dtype=float))

    def mirrored(self) -> Mesh:
        """Return the mirror image in the plane y = 0, still facing outwards."""
        return replace(self, vertices=self.vertices * (1, -1, 1), faces=self.faces[:, ::-1])


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """Return several meshes as one; texture coordinates survive only if all have them."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    uvs = [mesh.uv for mesh in meshes if mesh.uv is not None]
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)]),
        np.concatenate(uvs) if len(uvs) == len(meshes) else None,
    )


def turned(axis: str, degrees: float) -> Rotation:
    """Return the rotation about one of the axes ``x``, ``y``, ``z``."""
    return Rotation.from_euler(axis, degrees, degrees=True)


def grid_faces(rows: int, columns: int, close_rows: bool = False, close_columns: bool = False) -> NDArray[np.int32]:
    """Return the triangles between neighbouring vertices of a (rows, columns) grid, optionally wrapped around."""
    i, j = np.meshgrid(
        np.arange(rows if close_rows else rows - 1),
        np.arange(columns if close_columns else columns - 1),
        indexing="ij",
    )
    down, right = (i + 1) % rows, (j + 1) % columns
    a, b, c, d = (k.ravel() for k in (i * columns + j, i * columns + right, down * columns + j, down * columns + right))
    return np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)]).astype(np.int32)


def box(size: ArrayLike, center: ArrayLike = (0, 0, 0)) -> Mesh:
    """Return a box with its own vertices per side and texture coordinates 0..1 on each."""
    half = np.asarray(size, dtype=float) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
    sides = []
    for axis in range(3):
        for sign in (-1, 1):
            side = np.insert(corners, axis, 1.0, axis=1)
            side[:, axis] = sign
            sides.append(side if (sign > 0) == (axis != 1) else side[::-1])
    vertices = np.concatenate(sides) * half + np.asarray(center, dtype=float)
    faces = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * k for k in range(6)])
    uv = np.concatenate([np.delete(side, k // 2, axis=1) for k, side in enumerate(sides)]) / 2 + 0.5
    return Mesh(vertices, faces.astype(np.int32), uv)


def revolve(profile: ArrayLike, segments: int = 32) -> Mesh:
    """Return the surface of a profile (N, 2) of (radius, height), bottom to top outside, turned about z.

    A profile that goes up outside and down again inside makes a hollow vessel. u runs around, v along the profile.
    """
    profile = np.asarray(profile, dtype=float)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    radius, height = profile[:, 0], profile[:, 1]
    vertices = np.concatenate(
        [radius[:, None, None] * ring[None], np.broadcast_to(height[:, None, None], (len(profile), segments + 1, 1))],
        axis=-1,
    )
    u, v = np.meshgrid(angle / (2 * np.pi), np.linspace(0, 1, len(profile)))
    return Mesh(
        vertices.reshape(-1, 3), grid_faces(len(profile), segments + 1), np.stack([u.ravel(), v.ravel()], axis=-1)
    )


def cylinder(radius: float, height: float, segments: int = 24, top: float | None = None) -> Mesh:
    """Return a closed cylinder or cone standing on z = 0; ``top`` is the upper radius where it differs."""
    top = radius if top is None else top
    return revolve([(1e-4, 0), (radius, 0), (top, height), (1e-4, height)], segments)


def vessel(profile: ArrayLike, wall: float, segments: int = 32) -> Mesh:
    """Return an open vessel from its outer profile (bottom to rim), with an inner wall ``wall`` thinner."""
    outer = np.asarray(profile, dtype=float)
    inner = np.maximum(outer[::-1] - (wall, 0), 1e-4)
    inner[-1, 1] = max(inner[-1, 1], outer[0, 1] + wall)
    inner[:, 1] = np.maximum(inner[:, 1], outer[0, 1] + wall)
    return revolve(np.concatenate([[(1e-4, outer[0, 1])], outer, inner, [(1e-4, outer[0, 1] + wall)]]), segments)


def ellipsoid(radii: ArrayLike, center: ArrayLike = (0, 0, 0), rings: int = 14) -> Mesh:
    """Return an ellipsoid with the three given half axes."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings)
    sphere = revolve(np.stack([np.maximum(np.cos(angle), 1e-4), np.sin(angle)], -1), 2 * rings)
    return sphere.moved(center, scale=radii)


def extrude(outline: ArrayLike, height: float) -> Mesh:
    """Return a prism on z = 0: ``outline`` (N, 2) counter-clockwise, star-shaped about its mean."""
    outline = np.asarray(outline, dtype=float)
    count = len(outline)
    center = outline.mean(axis=0, keepdims=True)
    flat = np.concatenate([outline, center])
    low = np.column_stack([flat, np.zeros(count + 1)])
    high = np.column_stack([flat, np.full(count + 1, height)])
    k, following = np.arange(count), (np.arange(count) + 1) % count
    cap = np.stack([k, following, np.full(count, count)], -1)
    wall = np.column_stack([outline, np.zeros(count)]), np.column_stack([outline, np.full(count, height)])
    base = 2 * (count + 1)
    sides = np.concatenate(
        [
            np.stack([base + k, base + following, base + count + following], -1),
            np.stack([base + k, base + count + following, base + count + k], -1),
        ]
    )
    faces = np.concatenate([cap[:, ::-1], cap + count + 1, sides])
    low_high = np.concatenate([low, high, *wall])
    extent = np.ptp(outline, axis=0) + 1e-9
    return Mesh(low_high, faces.astype(np.int32), (low_high[:, :2] - outline.min(axis=0)) / extent)


def rounded_rectangle(width: float, depth: float, radius: float, corner_points: int = 5) -> Floats:
    """Return the outline (N, 2) of a rectangle with round corners, centred, counter-clockwise."""
    radius = min(radius, width / 2 - 1e-4, depth / 2 - 1e-4)
    arcs = []
    for k, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angle = np.linspace(0, np.pi / 2, corner_points) + k * np.pi / 2
        center = np.array([sx * (width / 2 - radius), sy * (depth / 2 - radius)])
        arcs.append(center + radius * np.stack([np.cos(angle), np.sin(angle)], -1))
    return np.concatenate(arcs)


def rounded_box(size: ArrayLike, radius: float = 0.005, center: ArrayLike = (0, 0, 0)) -> Mesh:
    """Return a box whose vertical edges are round, centred at ``center``."""
    width, depth, height = np.asarray(size, dtype=float)
    return extrude(rounded_rectangle(width, depth, radius), height).moved(np.asarray(center) - (0, 0, height / 2))


def path_frames(path: Floats, up: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return tangents, normals and binormals (N, 3) carried along a path; the first normal is near ``up``."""
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-12
    normals = np.empty_like(path)
    normal = np.asarray(up, dtype=float)
    if abs(normal @ tangents[0]) > 0.99:
        normal = normal[[1, 2, 0]]
    for k, tangent in enumerate(tangents):
        normal = normal - tangent * (normal @ tangent)
        normal = normal / (np.linalg.norm(normal) + 1e-12)
        normals[k] = normal
    return tangents, normals, np.cross(tangents, normals)


def tube(
    path: ArrayLike, radii: ArrayLike, up: ArrayLike = (0, 0, 1), segments: int = 12, closed: bool = False
) -> Mesh:
    """Return a tube with round ends flattened shut.

    ``radii`` is one number, (N,) radii along the path, (N, 2) half axes (along the carried ``up`` and across it), or
    (N, S) radii per segment. ``closed`` joins the last ring to the first (a torus); otherwise the ends are capped.
    """
    path = np.asarray(path, dtype=float)
    _, normals, binormals = path_frames(path, up)
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    scale = np.asarray(radii, dtype=float)
    if scale.ndim < 2:
        scale = np.broadcast_to(scale.reshape(-1, 1), (len(path), 1))
    along, across = (scale[:, :1], scale[:, 1:]) if scale.shape[1] == 2 else (scale, scale)
    rings = (
        path[:, None]
        + (along * np.cos(angle))[..., None] * normals[:, None]
        + (across * np.sin(angle))[..., None] * binormals[:, None]
    )
    if not closed:
        ends = np.repeat(path[[0, -1], None], segments, axis=1)
        rings = np.concatenate(
            [ends[:1] + 1e-4 * (rings[:1] - ends[:1]), rings, ends[1:] + 1e-4 * (rings[-1:] - ends[1:])]
        )
    u = np.broadcast_to(np.linspace(0, 1, len(rings))[:, None], rings.shape[:2])
    v = np.broadcast_to(0.5 - 0.5 * np.cos(angle), rings.shape[:2])
    faces = grid_faces(len(rings), segments, close_rows=closed, close_columns=True)
    return Mesh(rings.reshape(-1, 3), faces, np.stack([u.ravel(), v.ravel()], -1))


def arc(radius: ArrayLike, start: float, end: float, points: int = 14) -> Floats:
    """Return points (N, 3) on an ellipse in the x-z plane, angles in degrees from +x towards +z."""
    angle = np.radians(np.linspace(start, end, points))
    radius = np.broadcast_to(np.asarray(radius, dtype=float), 2)
    return np.stack([radius[0] * np.cos(angle), np.zeros(points), radius[1] * np.sin(angle)], -1)


def ring(radius: ArrayLike, thickness: float, points: int = 20) -> Mesh:
    """Return a torus (or oval ring) lying in the x-y plane."""
    path = arc(radius, 0, 360 * (1 - 1 / points), points)[:, [0, 2, 1]]
    return tube(path, thickness, segments=8, closed=True)


def height_field(heights: NDArray, size: ArrayLike) -> Mesh:
    """Return the surface z = heights (R, C) over a rectangle ``size`` (x, y) centred at the origin."""
    (rows, columns), (width, depth) = heights.shape, np.asarray(size, dtype=float)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    vertices = np.stack([(u - 0.5) * width, (v - 0.5) * depth, heights], -1)
    return Mesh(vertices.reshape(-1, 3), grid_faces(rows, columns), np.stack([u.ravel(), v.ravel()], -1))
