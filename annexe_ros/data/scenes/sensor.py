"""What a real RGB-D head camera does to an ideal picture: exposure, colour, optics, noise, and a depth with holes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.lighting import Lighting, glare, sunlit_share
from annexe_ros.data.scenes.render import Rendering
from annexe_ros.data.scenes.viewpoint import Viewpoint

Field = NDArray
"""An image or map of float32: (H, W) or (H, W, 3)."""
HOLES_SHARE = 0.7
"""Share of scenes whose depth has noise and holes."""


def photograph(rng: Generator, rendering: Rendering, view: Viewpoint, lighting: Lighting) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) uint8 that the camera takes of what was rendered."""
    points = world_points(rendering.depth, view)
    lit = sunlit_share(lighting, points)[..., None]
    image = rendering.shaded.astype(np.float32) + lit * (rendering.sunlit.astype(np.float32) - rendering.shaded)
    image *= _contact_shade(rng, rendering.depth)[..., None]
    image *= 1 + glare(lighting, points)[..., None]
    image = _expose(rng, image / 255)
    image = _optics(rng, image)
    return _stored(rng, np.clip(_noise(rng, image) * 255, 0, 255).astype(np.uint8))


def world_points(depth: Field, view: Viewpoint) -> Field:
    """Return the world point (H, W, 3) [m] behind every pixel."""
    camera = view.camera
    u, v = np.meshgrid(np.arange(camera.width, dtype=np.float32), np.arange(camera.height, dtype=np.float32))
    local = np.stack([(u - camera.cx) / camera.fx * depth, (v - camera.cy) / camera.fy * depth, depth], -1)
    return local.astype(np.float32) @ view.rotation.T.astype(np.float32) + view.position.astype(np.float32)


def _contact_shade(rng: Generator, depth: Field) -> Field:
    """Return a darkening (H, W) where a pixel lies behind its neighbourhood: soft shade in corners and contacts."""
    size = max(depth.shape) / 40
    behind = depth - cv2.GaussianBlur(depth, (0, 0), size)
    gap = depth - cv2.erode(depth, np.ones((3, 3)), iterations=round(2 * size))
    near = np.clip(1.6 - gap / 0.15, 0, 1)
    return 1 - np.float32(rng.uniform(0.1, 0.5)) * np.clip(behind / 0.05, 0, 1) * near


def _expose(rng: Generator, image: Field) -> Field:
    """Meter the picture, miss by up to a stop, and apply white balance, contrast and vignette."""
    metered = float(np.clip(0.5 / (np.percentile(image, 60) + 1e-3), 0.7, 4.0)) ** 0.7
    gain = metered * 2 ** rng.normal(0.0, 0.3)
    balance = np.clip(1 + rng.normal(0, 0.05, 3), 0.85, 1.15)
    image = image * (gain * balance).astype(np.float32)
    image = np.power(np.clip(image, 0, None), np.float32(rng.uniform(0.7, 1.1)))
    grey = image.mean(axis=-1, keepdims=True)
    image = grey + (image - grey) * np.float32(rng.uniform(0.7, 1.2))
    return image * _vignette(rng, image.shape[:2])[..., None]


def _vignette(rng: Generator, shape: tuple[int, int]) -> Field:
    y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij")
    return 1 - np.float32(rng.uniform(0, 0.25)) * (x**2 + y**2) / 2


def _optics(rng: Generator, image: Field) -> Field:
    """Blur by defocus and motion, bloom around over-exposure, and sharpen as cameras do."""
    scale = image.shape[1] / 320
    if rng.random() < 0.35:
        bright = np.clip(image - 1, 0, 1)
        image = image + rng.uniform(0.2, 0.8) * cv2.GaussianBlur(bright, (0, 0), 6 * scale)
    image = np.clip(image, 0, 1.2)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.8) * scale)
    if rng.random() < 0.15:
        image = cv2.filter2D(image, -1, _motion_kernel(rng, scale))
    if rng.random() < 0.3:
        image = image + rng.uniform(0.2, 0.7) * (image - cv2.GaussianBlur(image, (0, 0), scale))
    return image


def _motion_kernel(rng: Generator, scale: float) -> Field:
    length = max(2, round(rng.uniform(2, 4) * scale))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = rng.uniform(0, np.pi)
    dx, dy = round(np.cos(angle) * length / 2), round(np.sin(angle) * length / 2)
    cv2.line(kernel, (length - dx, length - dy), (length + dx, length + dy), 1.0, 1)
    return kernel / kernel.sum()


def _noise(rng: Generator, image: Field) -> Field:
    """Add shot and read noise, coarser in some pictures than in others."""
    read, shot = rng.uniform(0.002, 0.012), rng.uniform(0.0, 0.025)
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    if rng.random() < 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * 1.8
    return image + grain * (np.float32(read) + np.float32(shot) * np.sqrt(np.clip(image, 0, 1)))


def _stored(rng: Generator, image: NDArray) -> NDArray[np.uint8]:
    """Return what is left after storage: at times enlarged from a smaller picture or squeezed by a hard JPEG."""
    size = image.shape[1::-1]
    if rng.random() < 0.15:
        share = rng.uniform(0.65, 0.9)
        image = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.25:
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 85))])
        image = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    return np.asarray(image, np.uint8)


def measure_depth(rng: Generator, rendering: Rendering, noisy: bool) -> NDArray[np.uint16]:
    """Return depth (H, W) uint16 [mm], 0 unknown: exact, or as a depth sensor measures it."""
    depth = rendering.depth.copy()
    depth[depth > 10] = 0
    if noisy:
        depth = _sensed(rng, depth, rendering.sunlit)
    return np.round(depth * 1000).astype(np.uint16)


def _sensed(rng: Generator, depth: Field, picture: NDArray[np.uint8]) -> Field:
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    noise = 0.5 * noise + cv2.GaussianBlur(noise, (0, 0), 1.5) * 2
    sensed = depth + noise * np.float32(rng.uniform(0.0008, 0.0025)) * depth**2
    slope = np.abs(cv2.Laplacian(depth, cv2.CV_32F))
    edges = (slope > 0.03) & (rng.random(depth.shape) < 0.7)
    grey = cv2.GaussianBlur(picture.astype(np.float32).mean(axis=-1), (0, 0), 1.5)
    patchy = cv2.GaussianBlur(rng.standard_normal(depth.shape, dtype=np.float32), (0, 0), 4)
    patchy = patchy / (patchy.std() + 1e-6)
    dropped = ((grey < 25) & (patchy > 0.3)) | ((grey > 248) & (patchy > 0.0)) | (patchy > 2.6)
    sensed[edges | dropped | (depth < 0.12)] = 0
    return sensed
