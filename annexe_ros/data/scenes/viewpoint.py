"""Where the head camera is and what it sees: pinhole projection between the world and the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from annexe_ros.core import PinholeCamera
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.shapes import Floats

NEAR = 0.08
"""Closest depth [m] at which something counts as being in view."""


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """A camera in the world.

    Attributes:
        position: (3,) [m].
        rotation: (3, 3), columns are the optical frame's axes (x right, y down, z forward) in the world.
        camera: intrinsics.
        pitch_deg: how far the optical axis points down.
    """

    position: Floats
    rotation: Floats
    camera: PinholeCamera
    pitch_deg: float

    def to_camera(self, points: ArrayLike) -> Floats:
        """Return world points (N, 3) in the optical frame."""
        return (np.atleast_2d(np.asarray(points, dtype=float)) - self.position) @ self.rotation

    def pixels(self, points: ArrayLike) -> tuple[Floats, Floats]:
        """Return pixels (N, 2) and depths (N,) [m] of world points; depths below ``NEAR`` are taken for ``NEAR``."""
        local = self.to_camera(points)
        depth = local[:, 2].copy()
        local[:, 2] = np.maximum(local[:, 2], NEAR)
        return self.camera.project(local), depth

    def point_at(self, pixel: ArrayLike, depth: float) -> Floats:
        """Return the world point (3,) seen at a pixel (u, v) at a depth [m]."""
        u, v = np.asarray(pixel, dtype=float)
        local = self.camera.deproject(np.array([u]), np.array([v]), np.array([depth]))[0]
        return self.rotation @ local + self.position

    def on_plane(self, pixel: ArrayLike, height: float = 0.0) -> Floats | None:
        """Return the point (3,) of the plane z = height seen at a pixel; None if the ray doesn't come down to it."""
        ray = self.point_at(pixel, 1.0) - self.position
        if ray[2] > -0.05:
            return None
        return self.position + ray * (height - self.position[2]) / ray[2]

    def outline_share(self, points: Floats) -> float:
        """Return the share of the image inside the outline of a point cloud (N, 3); 0 if it is behind the camera."""
        pixels, depth = self.pixels(points)
        if depth.min() < NEAR:
            return 0.0
        width, height = self.camera.width, self.camera.height
        clipped = np.clip(pixels, (0, 0), (width, height)).astype(np.float32)
        return float(cv2.contourArea(cv2.convexHull(clipped))) / (width * height)


def sample_viewpoint(rng: Generator, width: int, height: int, on_floor: bool) -> Viewpoint:
    """Return a head camera above the wearer's side (-y) of the scene, looking down by 20-80 degrees."""
    camera = _sample_camera(rng, width, height)
    pitch = float(rng.uniform(21, 79))
    heading, roll = np.radians(rng.normal(0, 14)), np.radians(rng.normal(0, 4))
    above = rng.uniform(0.42, 0.85) * (1.25 if on_floor else 1.0)
    distance = float(np.clip(above / np.sin(np.radians(pitch)), 0.5, 1.15))
    down = np.radians(pitch)
    forward = np.array([np.sin(heading) * np.cos(down), np.cos(heading) * np.cos(down), -np.sin(down)])
    right = np.array([np.cos(heading), -np.sin(heading), 0.0])
    below = np.cross(forward, right)
    rotation = np.stack(
        [np.cos(roll) * right + np.sin(roll) * below, np.cos(roll) * below - np.sin(roll) * right, forward], axis=1
    )
    target = np.array([rng.normal(0, 0.06), rng.normal(0.05, 0.06), rng.uniform(0, 0.12)])
    return Viewpoint(target - forward * distance, rotation, camera, pitch)


def _sample_camera(rng: Generator, width: int, height: int) -> PinholeCamera:
    """Return intrinsics with a horizontal field of view of 55-95 degrees and pixels that are nearly square."""
    focal = width / 2 / np.tan(np.radians(rng.uniform(55, 95)) / 2)
    squash = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.88, 1.33))
    cx, cy = (np.array([width, height]) - 1) / 2 + rng.normal(0, 0.012, 2) * width
    return PinholeCamera(width, height, float(focal), float(focal * squash), float(cx), float(cy))
