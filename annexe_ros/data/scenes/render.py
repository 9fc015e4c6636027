"""Pictures of a built scene from MuJoCo's offscreen renderer: light, depth and instance masks, no sensor faults."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.data.scenes.build import CLIP, BuiltScene
from annexe_ros.data.scenes.viewpoint import Viewpoint

_NEAR, _FAR = CLIP
_MAX_GEOMS = 1000


@dataclass(frozen=True, eq=False)
class Rendering:
    """What an ideal camera sees.

    Attributes:
        sunlit: (H, W, 3) uint8 with all lights.
        shaded: (H, W, 3) uint8 without the sun.
        depth: (H, W) float32 [m] along the optical axis; 0 where there is nothing.
        mask: (H, W) uint8 instance indices.
    """

    sunlit: NDArray[np.uint8]
    shaded: NDArray[np.uint8]
    depth: NDArray[np.float32]
    mask: NDArray[np.uint8]


class Renderer:
    """One offscreen GL context for images of one size; scenes come and go. Use it from the thread that made it.

    Raises ``MissingDependencyError`` where there is no GL.
    """

    def __init__(self, width: int, height: int) -> None:
        try:
            self._gl = _context(width, height)
            self._gl.make_current()
        except (AttributeError, ImportError, RuntimeError) as error:
            raise MissingDependencyError("headless OpenGL (EGL)", "apt-get install libegl1 libgl1-mesa-dri") from error
        self._viewport = mujoco.MjrRect(0, 0, width, height)
        self._option = mujoco.MjvOption()

    def close(self) -> None:
        """Give the GL context back."""
        self._gl.free()

    def open(self, built: BuiltScene, view: Viewpoint) -> OpenScene:
        """Return a scene loaded onto the GPU, to be closed after use."""
        return OpenScene(self._viewport, self._option, built, view)


class OpenScene:
    """A scene on the GPU, rendered as often as needed from one viewpoint."""

    def __init__(self, viewport: mujoco.MjrRect, option: mujoco.MjvOption, built: BuiltScene, view: Viewpoint) -> None:
        self._viewport, self._option, self._built = viewport, option, built
        self._data = mujoco.MjData(built.model)
        self.settle()
        self._context = mujoco.MjrContext(built.model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(built.model, maxgeom=_MAX_GEOMS)
        self.view = view

    def close(self) -> None:
        """Free GPU memory."""
        self._context.free()

    def settle(self) -> None:
        """Put everything where the model's bodies are now."""
        mujoco.mj_kinematics(self._built.model, self._data)
        mujoco.mj_camlight(self._built.model, self._data)

    def picture(self) -> NDArray[np.uint8]:
        """Return the picture (H, W, 3) with all lights and nothing else: a frame of a film."""
        self._load(range(6))
        return self._picture()

    def render(self, sun_alone: bool) -> Rendering:
        """Return picture, depth and masks of everything; without ``sun_alone``, ``shaded`` is left as ``sunlit``."""
        mask, depth = self.segment()
        sunlit = self._picture()
        if not sun_alone:
            return Rendering(sunlit, sunlit, depth, mask)
        sun = next(light for light in self._scene.lights if not light.headlight)
        sun.diffuse = sun.specular = 0
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        return Rendering(sunlit, self._picture(), depth, mask)

    def segment(self, only: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return instance indices (H, W) and depth (H, W) [m], with every other instance away if ``only`` is given."""
        self._built.model.geom_group[:] = 0 if only is None else np.where(self._built.owners == only, 0, 1)
        self._load(range(6) if only is None else range(1))
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = 1
        self._scene.flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 1
        height, width = self._viewport.height, self._viewport.width
        colour, raw = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.float32)
        mujoco.mjr_render(self._viewport, self._scene, self._context)
        mujoco.mjr_readPixels(colour, raw, self._viewport, self._context)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = 0
        self._scene.flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 0
        return self._owners_of(colour[::-1]), _metres(raw[::-1])

    def _owners_of(self, colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
        wide = colour.astype(np.int32)
        segment = wide[..., 0] + 256 * wide[..., 1] + 65536 * wide[..., 2]
        table = np.zeros(_MAX_GEOMS + 2, np.uint8)
        for k in range(self._scene.ngeom):
            geom = self._scene.geoms[k]
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                table[geom.segid + 1] = self._built.owners[geom.objid]
        return table[np.minimum(segment, _MAX_GEOMS + 1)]

    def _load(self, groups: Sequence[int]) -> None:
        self._option.geomgroup[:] = [group in groups for group in range(6)]
        mujoco.mjv_updateScene(
            self._built.model, self._data, self._option, mujoco.MjvPerturb(), mujoco.MjvCamera(),
            mujoco.mjtCatBit.mjCAT_ALL, self._scene,
        )  # fmt: skip
        for camera in self._scene.camera:
            _aim(camera, self.view)

    def _picture(self) -> NDArray[np.uint8]:
        picture = np.empty((self._viewport.height, self._viewport.width, 3), np.uint8)
        mujoco.mjr_render(self._viewport, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, self._viewport, self._context)
        return picture[::-1]


def _context(width: int, height: int) -> mujoco.GLContext:
    """Return MuJoCo's context for this machine: EGL where Linux has no display, unless ``MUJOCO_GL`` says otherwise."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("MUJOCO_GL"):
        from mujoco.egl import GLContext  # importing it loads EGL

        return GLContext(width, height)
    return mujoco.GLContext(width, height)


def _aim(camera: mujoco.MjvGLCamera, view: Viewpoint) -> None:
    """Point an OpenGL camera; its frustum realises focal lengths and principal point."""
    intrinsics: PinholeCamera = view.camera
    camera.pos, camera.forward, camera.up = view.position, view.rotation[:, 2], -view.rotation[:, 1]
    camera.frustum_near, camera.frustum_far = _NEAR, _FAR
    left, right = -(intrinsics.cx + 0.5), intrinsics.width - intrinsics.cx - 0.5
    top, bottom = intrinsics.cy + 0.5, -(intrinsics.height - intrinsics.cy - 0.5)
    camera.frustum_center = (left + right) / 2 / intrinsics.fx * _NEAR
    camera.frustum_width = (right - left) / 2 / intrinsics.fx * _NEAR
    camera.frustum_top, camera.frustum_bottom = top / intrinsics.fy * _NEAR, bottom / intrinsics.fy * _NEAR


def _metres(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return depth [m] from OpenGL's depth buffer (0 near, 1 far); 0 where nothing was drawn."""
    depth = _NEAR * _FAR / (_FAR - raw * (_FAR - _NEAR))
    return np.where(raw >= 1, 0, depth).astype(np.float32)
