"""A camera frame as the house passes it on: arrays checked once, no ROS type left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.errors import BadImageError


class DepthSource(Protocol):
    """Depth that is made when it is called, and whose ``shape`` is known before."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def __call__(self) -> NDArray[np.float32]:
        """Return the depth as ``Frame.depth`` has it."""


Depth: TypeAlias = NDArray[np.float32] | None


class _DepthField:
    """The attribute ``depth``: given as an array or as its source, which is called once, when somebody reads it."""

    def __get__(self, frame: Frame | None, owner: type[Frame] | None = None) -> Depth:
        if frame is None:
            return None  # the default
        given = vars(frame)["depth"]
        if callable(given):
            given = vars(frame)["depth"] = given()
        return given

    def __set__(self, frame: Frame, given: Depth | DepthSource) -> None:
        vars(frame)["depth"] = given


@dataclass(frozen=True, eq=False)
class Frame:
    """One colour image, with the depth and intrinsics that belong to it where the sensor has them.

    Attributes:
        image: (H, W, 3) uint8, RGB.
        depth: (H, W) float32 [m] along the optical axis, NaN where unknown; aligned to the image. None: no depth.
            May be given as a ``DepthSource``: most queries don't look at depth.
        camera: intrinsics of the image. None: unknown, hence no 3D.
        stamp_ns: acquisition time [ns], in the clock of the message.
        frame_id: the optical frame of the camera.
        camera_name: name of the camera on its robot; empty where there is only one.
        is_given: it came with a request, perhaps cropped or scaled: what the camera's topics tell of pixels, such as
            the gaze, isn't about its own.

    Raises ``BadImageError`` when the arrays don't fit each other.
    """

    image: NDArray[np.uint8]
    depth: _DepthField = _DepthField()
    camera: PinholeCamera | None = None
    stamp_ns: int = 0
    frame_id: str = ""
    camera_name: str = ""
    is_given: bool = False

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8 or not self.image.size:
            raise BadImageError(
                f"a frame needs an RGB image (H, W, 3) uint8, not {self.image.shape} {self.image.dtype}"
            )
        depth = vars(self)["depth"]
        if depth is not None and depth.shape != self.image.shape[:2]:
            raise BadImageError(
                f"depth is {_size(depth.shape)} and the image {_size(self.image.shape)}; depth must be aligned"
            )
        if self.camera is not None and (self.camera.height, self.camera.width) != self.image.shape[:2]:
            raise BadImageError(
                f"camera_info is for {self.camera.width}x{self.camera.height}, the image is {_size(self.image.shape)}"
            )

    @property
    def width(self) -> int:
        """Columns of the image."""
        return self.image.shape[1]

    @property
    def height(self) -> int:
        """Rows of the image."""
        return self.image.shape[0]


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}" if len(shape) >= 2 else str(shape)
