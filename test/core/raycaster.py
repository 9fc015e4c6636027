"""A table with one solid on it, seen by a pinhole camera: depth and mask by formula, so that the truth is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, GroundedObject, Interpretation, PinholeCamera, Role

CAMERA = PinholeCamera(320, 240, 280.0, 280.0, 159.5, 119.5)
TABLE_DISTANCE_M = 0.55


@dataclass(frozen=True)
class Solid:
    """A convex solid at ``center`` whose axes are the columns of ``rotation``; ``size`` is its bounding box."""

    kind: str
    center: NDArray
    rotation: NDArray
    size: NDArray

    def depth(self, rays: NDArray) -> NDArray:
        """Return where rays (..., 3) with z = 1 hit it [m], infinity where they don't."""
        origin, way = -self.rotation.T @ self.center, rays @ self.rotation
        with np.errstate(all="ignore"):
            if self.kind == "box":
                near, far = _slab(origin, way, self.size, (0, 1, 2))
            elif self.kind == "sphere":
                near, far = _round(origin, way, self.size, (0, 1, 2))
            else:
                side, ends = _round(origin, way, self.size, (0, 1)), _slab(origin, way, self.size, (2,))
                near, far = np.maximum(side[0], ends[0]), np.minimum(side[1], ends[1])
        return np.where(near < far, near, np.inf)


def _slab(origin: NDArray, way: NDArray, size: NDArray, axes: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    first, second = [(sign * size / 2 - origin) / way for sign in (-1, 1)]
    return (
        np.minimum(first, second)[..., list(axes)].max(axis=-1),
        np.maximum(first, second)[..., list(axes)].min(axis=-1),
    )


def _round(origin: NDArray, way: NDArray, size: NDArray, axes: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    o, d = (origin / size * 2)[list(axes)], (way / size * 2)[..., list(axes)]
    a, b, c = (d * d).sum(axis=-1), (d * o).sum(axis=-1), o @ o - 1
    root = np.sqrt(b * b - a * c)
    return np.nan_to_num((-b - root) / a, nan=np.inf), np.nan_to_num((-b + root) / a, nan=-np.inf)


@dataclass(frozen=True)
class View:
    """What the camera sees: depth (H, W) [m] and the solid's mask (H, W)."""

    depth: NDArray[np.float32]
    mask: NDArray[np.bool_]
    camera: PinholeCamera

    def noisy(self, sigma_m: float, seed: int = 0) -> NDArray[np.float32]:
        """Return the depth with independent noise per pixel."""
        return (self.depth + np.random.default_rng(seed).normal(0, sigma_m, self.depth.shape)).astype(np.float32)


def table_frame(pitch_deg: float, yaw: float) -> NDArray:
    """Return axes (3, 3) in the optical frame of a thing that stands on the table, turned by ``yaw`` [rad]."""
    pitch = np.deg2rad(pitch_deg)
    up = np.array([0.0, -np.cos(pitch), -np.sin(pitch)])
    right, ahead = np.array([1.0, 0.0, 0.0]), np.cross(up, [1.0, 0.0, 0.0])
    first = np.cos(yaw) * right + np.sin(yaw) * ahead
    return np.stack([first, np.cross(up, first), up], axis=-1)


def standing(kind: str, size: tuple[float, float, float], pitch_deg: float, yaw: float, lift: float = 0.0) -> Solid:
    """Return a solid on the table, in the middle of the view; ``lift`` is its height above the table [m]."""
    axes = table_frame(pitch_deg, yaw)
    center = np.array([0.0, 0.0, TABLE_DISTANCE_M]) + axes[:, 2] * (lift + size[2] / 2)
    return Solid(kind, center, axes, np.asarray(size))


def seen(solid: Solid, pitch_deg: float, camera: PinholeCamera = CAMERA) -> View:
    """Render the solid and the table under it."""
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = camera.deproject(u, v, np.ones(u.shape))
    up = table_frame(pitch_deg, 0.0)[:, 2]
    slope = rays @ up
    table = np.divide(up[2] * TABLE_DISTANCE_M, slope, out=np.full(u.shape, np.inf), where=slope < -1e-6)
    depth = solid.depth(rays)
    return View(np.minimum(depth, table).astype(np.float32), depth < table, camera)


def frame_of(view: View, depth: NDArray[np.float32] | None = None, camera: PinholeCamera | None = CAMERA) -> Frame:
    """Return a frame with this depth and a black image."""
    return Frame(np.zeros((*view.mask.shape, 3), np.uint8), depth, camera)


def grounded(*masks: NDArray[np.bool_], labels: tuple[str, ...] = ("mug",)) -> Interpretation:
    """Return an interpretation whose objects have these masks."""
    image = np.zeros(masks[0].shape, np.uint8)
    for value, mask in enumerate(masks, start=1):
        image[mask] = value
    objects = tuple(GroundedObject(label, i, 1.0, Role.OBJECT) for i, label in enumerate(labels, start=1))
    return Interpretation("", " and ".join(labels), True, 1.0, objects, image, "test", "test")
