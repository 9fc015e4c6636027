"""Frames of a bag: ``data.bag`` finds the messages, rosbags reads what is in them, without any ROS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, PinholeCamera
from annexe_ros.core.calibration import camera_from_message
from annexe_ros.core.errors import BadImageError, DatasetFormatError, MissingDependencyError
from annexe_ros.data.annotation.sources import Entry, numbered
from annexe_ros.data.bag import COMPRESSED, Bag, BagMessage
from annexe_ros.data.picture import decoded

CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3}
RGB_FIRST = ("rgb8", "rgba8")
DEPTH_TYPES: dict[str, np.dtype[Any]] = {"16UC1": np.dtype("u2"), "mono16": np.dtype("u2"), "32FC1": np.dtype("f4")}
COMPRESSED_DEPTH_HEADER = 12
"""Bytes that image_transport's compressedDepth puts in front of the PNG."""

MAX_PIXELS = 64_000_000


class BagFrames:
    """One camera's images with the depth and camera_info of the same stamp."""

    def __init__(self, path: Path, topics: Mapping[str, str]) -> None:
        """Open a bag; raises ``DatasetFormatError`` or ``MissingDependencyError``."""
        self._types = typestore()
        self._bag = Bag(path, topics)
        self._info: BagMessage | None = None
        self._intrinsics: PinholeCamera | None = None
        self._moments = list(_with_camera_info(self._bag))
        self.entries = tuple(
            Entry(numbered(self._bag.path, n), n, moment["image"].stamp_ns) for n, moment in enumerate(self._moments)
        )

    def read(self, entry: Entry) -> Frame:
        """See ``FrameSource``."""
        moment = self._moments[entry.index]
        near = [item for role, item in moment.items() if role != "camera_info"]
        messages = {role: self._message(role, data) for role, data in self._bag.read(near)}
        image = colour_of(messages["image"])
        depth = depth_of(messages["depth"]) if "depth" in messages else None
        camera = self._camera(moment["camera_info"]) if "camera_info" in moment else None
        return Frame(image, depth, camera, entry.stamp_ns, messages["image"].header.frame_id)

    def close(self) -> None:
        """See ``FrameSource``."""
        self._bag.close()

    def _camera(self, item: BagMessage) -> PinholeCamera | None:
        """Return the intrinsics of a camera_info, which mostly is that of the frame before."""
        if item != self._info:
            ((role, data),) = self._bag.read([item])
            self._info, self._intrinsics = item, camera_from_message(self._message(role, data))
        return self._intrinsics

    def _message(self, role: str, data: bytes) -> Any:
        from rosbags.serde import SerdeError

        kind = self._bag.types[role]
        try:
            return self._types.deserialize_cdr(data, kind)
        except (SerdeError, ValueError, IndexError, KeyError, AssertionError) as error:  # bytes that don't fit
            raise DatasetFormatError(self._bag.path, f"a message of type {kind} is damaged ({error})") from error


def _with_camera_info(bag: Bag) -> Iterator[dict[str, BagMessage]]:
    """Yield what belongs to each image. A camera_info holds until the next one, since drivers may send it once."""
    moments = [{item.role: item for item in moment} for moment in bag.moments]
    latest = next((moment["camera_info"] for moment in moments if "camera_info" in moment), None)
    for moment in moments:
        latest = moment.get("camera_info", latest)
        if "image" in moment:
            yield moment if latest is None else {**moment, "camera_info": latest}


def typestore() -> Any:
    """Return the definitions of ROS 2 Jazzy's messages; raises ``MissingDependencyError``."""
    try:
        from rosbags.typesys import Stores, get_typestore
    except ModuleNotFoundError as error:
        raise MissingDependencyError("rosbags", "pip install 'annexe-ros[annotate]'") from error
    return get_typestore(Stores.ROS2_JAZZY)


def colour_of(message: Any) -> NDArray[np.uint8]:
    """Return the image (H, W, 3) uint8 RGB of an Image or CompressedImage; raises ``BadImageError``."""
    if message.__msgtype__ == COMPRESSED:
        return np.ascontiguousarray(_decoded(message.data.tobytes(), cv2.IMREAD_COLOR)[..., ::-1])
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise BadImageError(f"encoding '{message.encoding}' can't be read; known: {', '.join(CHANNELS)}")
    pixels = _pixels(message, np.dtype("u1"), channels)
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    order = [0, 1, 2] if message.encoding in RGB_FIRST else [2, 1, 0]
    return np.ascontiguousarray(pixels[..., order])


def depth_of(message: Any) -> NDArray[np.float32]:
    """Return the depth (H, W) float32 [m], NaN where unknown; raises ``BadImageError``."""
    if message.__msgtype__ == COMPRESSED:
        return _compressed_depth(message)
    kind = DEPTH_TYPES.get(message.encoding)
    if kind is None:
        raise BadImageError(f"depth encoding '{message.encoding}' can't be read; known: {', '.join(DEPTH_TYPES)}")
    values = _pixels(message, kind, 1)[..., 0].astype(np.float32)
    metres = values if kind.kind == "f" else values / np.float32(1000)
    return np.where(np.isfinite(metres) & (metres > 0), metres, np.float32(np.nan))


def _pixels(message: Any, kind: np.dtype[Any], channels: int) -> NDArray[Any]:
    """View the pixels (H, W, channels) where they lie; ``step`` and ``is_bigendian`` are honoured."""
    row = message.width * channels * kind.itemsize
    if message.step < row or len(message.data) < message.step * message.height or not message.height * message.width:
        raise BadImageError(
            f"an image of {message.width}x{message.height} {message.encoding} with step {message.step} "
            f"doesn't fit its {len(message.data)} bytes"
        )
    rows = np.asarray(message.data[: message.step * message.height], np.uint8).reshape(message.height, message.step)
    order = kind.newbyteorder(">" if message.is_bigendian else "<")
    return np.ascontiguousarray(rows[:, :row]).view(order).reshape(message.height, message.width, channels)


def _compressed_depth(message: Any) -> NDArray[np.float32]:
    if not message.format.startswith("16UC1"):
        raise BadImageError(f"depth compressed as '{message.format}' can't be read; known: 16UC1; compressedDepth png")
    pixels = _decoded(message.data.tobytes()[COMPRESSED_DEPTH_HEADER:], cv2.IMREAD_UNCHANGED)
    if pixels.ndim != 2 or pixels.dtype != np.uint16:
        raise BadImageError(f"compressed depth has one channel of uint16, not {pixels.shape} {pixels.dtype}")
    return np.where(pixels > 0, pixels / np.float32(1000), np.float32(np.nan)).astype(np.float32)


def _decoded(data: bytes, flags: int) -> NDArray[Any]:
    image = decoded(data, flags)
    if image is None or image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise BadImageError(f"a compressed image of {len(data)} bytes can't be decoded")
    return image
