"""The pinhole camera: pixels of a rectified image and points in its optical frame (REP-103: x right, y down)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import BadImageError


@dataclass(frozen=True)
class PinholeCamera:
    """Intrinsics of a rectified camera, in pixels of an image of ``width`` x ``height``.

    Raises ``BadImageError`` where they can't describe a camera.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise BadImageError(f"camera intrinsics are for an image of {self.width}x{self.height} pixels")
        values = (self.fx, self.fy, self.cx, self.cy)
        if not np.isfinite(values).all() or self.fx <= 0 or self.fy <= 0:
            raise BadImageError(f"camera intrinsics fx, fy, cx, cy = {values} don't describe a pinhole camera")

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Return the intrinsics of the same view sampled at ``width`` x ``height`` (pixel centres at .5 offsets)."""
        sx, sy = width / self.width, height / self.height
        return PinholeCamera(
            width, height, self.fx * sx, self.fy * sy, (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        )

    def deproject(self, u: NDArray, v: NDArray, depth: NDArray) -> NDArray[np.float64]:
        """Return the points (N, 3) [m] in the optical frame of pixels (u, v) at ``depth`` (N,) [m] along z."""
        return np.stack([(u - self.cx) / self.fx * depth, (v - self.cy) / self.fy * depth, depth], axis=-1)

    def project(self, points: NDArray) -> NDArray[np.float64]:
        """Return the pixels (N, 2) of points (N, 3) [m] in the optical frame; z must be positive."""
        points = np.asarray(points, dtype=np.float64)
        return points[:, :2] / points[:, 2:] * (self.fx, self.fy) + (self.cx, self.cy)
