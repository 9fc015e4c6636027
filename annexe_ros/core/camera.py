"""The pinhole camera: pixels of an image and points in its optical frame (REP-103: x right, y down)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.distortion import COEFFICIENT_COUNTS, distorted, undistorted
from annexe_ros.core.errors import BadImageError


@dataclass(frozen=True)
class PinholeCamera:
    """Intrinsics of a camera, in pixels of an image of ``width`` x ``height``.

    Attributes:
        width, height: size of the image [pixels].
        fx, fy, cx, cy: focal lengths and principal point [pixels].
        distortion: coefficients of ``core.distortion``, 5 or 8; empty for a rectified image.

    Raises ``BadImageError`` where they can't describe a camera.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "distortion", tuple(self.distortion))  # JSON gives a list
        if self.width < 1 or self.height < 1:
            raise BadImageError(f"camera intrinsics are for an image of {self.width}x{self.height} pixels")
        values = (self.fx, self.fy, self.cx, self.cy)
        if not np.isfinite(values).all() or self.fx <= 0 or self.fy <= 0:
            raise BadImageError(f"camera intrinsics fx, fy, cx, cy = {values} don't describe a pinhole camera")
        if self.distortion and (
            len(self.distortion) not in COEFFICIENT_COUNTS or not np.isfinite(self.distortion).all()
        ):
            raise BadImageError(f"{self.distortion} are not 5 or 8 coefficients of a lens's distortion")

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Return the intrinsics of the same view sampled at ``width`` x ``height`` (pixel centres at .5 offsets)."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            fx=self.fx * sx,
            fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5,
            cy=(self.cy + 0.5) * sy - 0.5,
        )

    def cropped(self, x: int, y: int, width: int, height: int) -> PinholeCamera:
        """Return the intrinsics of the part of the image that begins at pixel (x, y)."""
        return replace(self, width=width, height=height, cx=self.cx - x, cy=self.cy - y)

    def every(self, step: int) -> PinholeCamera:
        """Return the intrinsics when only every ``step``-th row and column is left, the first included."""
        return replace(
            self,
            width=-(-self.width // step),
            height=-(-self.height // step),
            fx=self.fx / step,
            fy=self.fy / step,
            cx=self.cx / step,
            cy=self.cy / step,
        )

    def deproject(self, u: NDArray, v: NDArray, depth: NDArray) -> NDArray[np.float64]:
        """Return the points (N, 3) [m] in the optical frame of pixels (u, v) at ``depth`` (N,) [m] along z."""
        x, y = (u - self.cx) / self.fx, (v - self.cy) / self.fy
        if self.distortion:
            x, y = undistorted(x, y, self.distortion)
        return np.stack([x * depth, y * depth, depth], axis=-1)

    def project(self, points: NDArray) -> NDArray[np.float64]:
        """Return the pixels (N, 2) of points (N, 3) [m] in the optical frame; z must be positive."""
        points = np.asarray(points, dtype=np.float64)
        rays = points[:, :2] / points[:, 2:]
        if self.distortion:
            rays = np.stack(distorted(rays[:, 0], rays[:, 1], self.distortion), axis=-1)
        return rays * (self.fx, self.fy) + (self.cx, self.cy)
