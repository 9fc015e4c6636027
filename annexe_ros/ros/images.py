"""``sensor_msgs/Image`` to arrays and back, without cv_bridge for the common encodings.

Pixels are viewed where they lie in the message (``step`` and ``is_bigendian`` honoured) and copied only where the order
of channels or the type changes. Out, the bytes are appended to the array that a new message has: an assigned array is
copied once more, and an assigned numpy array read element by element (123 ms instead of 0.09 ms for 1280x720). Rare
encodings (Bayer, YUV) go through cv_bridge where it is installed; it stays off the hot path, since Jazzy's crashes
beside NumPy 2 (vision_opencv #535). Compressed images aren't known here: ``compressed`` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from annexe_ros.core.depth import known_depth
from annexe_ros.core.errors import BadImageError

MAX_PIXELS = 64_000_000
"""More than any camera of today has; a message that declares more is damaged."""

RARE_PREFIXES = ("bayer_", "yuv", "uyvy", "yuyv", "nv")
"""Encodings of ``sensor_msgs/image_encodings`` that are worth asking cv_bridge for."""


@dataclass(frozen=True)
class _Layout:
    dtype: str
    channels: int


_LAYOUTS = {
    "rgb8": _Layout("u1", 3),
    "bgr8": _Layout("u1", 3),
    "rgba8": _Layout("u1", 4),
    "bgra8": _Layout("u1", 4),
    "mono8": _Layout("u1", 1),
    "8UC1": _Layout("u1", 1),
    "8UC3": _Layout("u1", 3),
    "mono16": _Layout("u2", 1),
    "16UC1": _Layout("u2", 1),
    "32FC1": _Layout("f4", 1),
}

_COLOUR_ORDERS = {
    "rgb8": [0, 1, 2],
    "rgba8": [0, 1, 2],
    "bgr8": [2, 1, 0],
    "bgra8": [2, 1, 0],
    "8UC3": [2, 1, 0],  # by OpenCV's convention, which cv_bridge follows
}
_GREYS = ("mono8", "8UC1", "mono16")
_DEPTHS = ("16UC1", "mono16", "32FC1")
MILLIMETRES = np.float32(1e-3)


def colour_from_message(message: Image) -> NDArray[np.uint8]:
    """Return the image as (H, W, 3) uint8, RGB; grey images become grey colours.

    For rgb8 it is a view of the message's data. Raises ``BadImageError``.
    """
    encoding = message.encoding
    if encoding in _COLOUR_ORDERS:
        return _reordered(pixels_from_message(message), _COLOUR_ORDERS[encoding])
    if encoding in _GREYS:
        return np.repeat(_grey8(pixels_from_message(message))[:, :, None], 3, axis=2)
    if encoding.lower().startswith(RARE_PREFIXES):
        return _colour_through_cv_bridge(message)
    raise _unknown("colour", encoding, (*_COLOUR_ORDERS, *_GREYS))


class MessageDepth:
    """The depth of a message, which is checked at once and converted when it is called (a ``DepthSource``).

    Attributes:
        shape: rows and columns.
    """

    def __init__(self, message: Image) -> None:
        """View the message's pixels; raises ``BadImageError``."""
        if message.encoding not in _DEPTHS:
            raise _unknown("depth", message.encoding, _DEPTHS)
        self._raw = pixels_from_message(message)
        self.shape = self._raw.shape

    def __call__(self) -> NDArray[np.float32]:
        """Return (H, W) float32 [m], NaN where unknown (REP-118: 0 in 16UC1 [mm]; not finite in 32FC1 [m]).

        Zero and negative metres are unknown too: several drivers write 0 there.
        """
        if self._raw.dtype.kind == "f":
            depth = self._raw.astype(np.float32)
            return _unknown_where(~known_depth(depth), depth)
        return _unknown_where(self._raw == 0, self._raw * MILLIMETRES)


def _unknown_where(places: NDArray[np.bool_], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    np.putmask(depth, places, np.nan)
    return depth


def image_message(pixels: NDArray[Any], encoding: str, header: Header) -> Image:
    """Return a message that holds ``pixels``, (H, W) or (H, W, C) of the type that ``encoding`` names."""
    height, width = pixels.shape[:2]
    message = Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=pixels.dtype != pixels.dtype.newbyteorder("<"),
        step=width * pixels.dtype.itemsize * (pixels.shape[2] if pixels.ndim == 3 else 1),
    )
    message.data.frombytes(np.ascontiguousarray(pixels).data.cast("B"))
    return message


def depth_message(depth: NDArray[np.float32], header: Header) -> Image:
    """Return a depth image (H, W) [m] as 16UC1 [mm]; NaN and what doesn't fit become 0, unknown."""
    with np.errstate(invalid="ignore"):
        millimetres = np.rint(depth / MILLIMETRES)
    known = (millimetres >= 1) & (millimetres <= np.iinfo(np.uint16).max)
    return image_message(np.where(known, millimetres, 0).astype(np.uint16), "16UC1", header)


def pixels_from_message(message: Image) -> NDArray[Any]:
    """Return a view of the message's pixels as it declares them: (H, W) or, with several channels, (H, W, C).

    Raises ``BadImageError`` where the encoding has no layout here or the data doesn't hold what is declared.
    """
    layout = _LAYOUTS.get(message.encoding)
    if layout is None:
        raise _unknown("image", message.encoding, tuple(_LAYOUTS))
    dtype = np.dtype(layout.dtype).newbyteorder(">" if message.is_bigendian else "<")
    pixel_bytes = dtype.itemsize * layout.channels
    _check_extent(message, pixel_bytes)
    pixels = np.ndarray(
        (message.height, message.width, layout.channels),
        dtype,
        buffer=memoryview(message.data).cast("B"),
        strides=(message.step, pixel_bytes, dtype.itemsize),
    )
    return pixels[:, :, 0] if layout.channels == 1 else pixels


def check_size(width: int, height: int) -> None:
    """Raise ``BadImageError`` for the size of an image that is empty or can't be a camera's."""
    if width * height == 0:
        raise BadImageError(f"the image is empty ({width}x{height} pixels)")
    if width * height > MAX_PIXELS:
        raise BadImageError(
            f"the image declares {width}x{height} pixels, the limit is {MAX_PIXELS // 1_000_000} megapixels"
        )


def _check_extent(message: Image, pixel_bytes: int) -> None:
    check_size(message.width, message.height)
    if message.step < message.width * pixel_bytes:
        raise BadImageError(
            f"the image's step is {message.step} bytes; {message.width} pixels of {message.encoding} need "
            f"{message.width * pixel_bytes}"
        )
    if len(message.data) < message.step * message.height:
        raise BadImageError(
            f"the image's data has {len(message.data)} bytes; step * height = {message.step} * {message.height} "
            f"= {message.step * message.height} are declared"
        )


def _reordered(pixels: NDArray[Any], order: list[int]) -> NDArray[np.uint8]:
    if pixels.shape[2] == 3 and order == [0, 1, 2]:
        return pixels
    return np.ascontiguousarray(pixels[:, :, order])


def _grey8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    return (pixels >> 8).astype(np.uint8) if pixels.dtype.itemsize == 2 else pixels


def _colour_through_cv_bridge(message: Image) -> NDArray[np.uint8]:
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError:
        raise BadImageError(
            f"encoding '{message.encoding}' needs cv_bridge, which is not installed; "
            f"without it these can be read: {', '.join((*_COLOUR_ORDERS, *_GREYS))}"
        ) from None
    _check_extent(message, pixel_bytes=1)
    try:
        return np.ascontiguousarray(CvBridge().imgmsg_to_cv2(message, "rgb8"))
    except CvBridgeError as error:
        raise BadImageError(f"cv_bridge can't read encoding '{message.encoding}': {error}") from error


def _unknown(kind: str, encoding: str, known: tuple[str, ...]) -> BadImageError:
    return BadImageError(f"unknown {kind} encoding '{encoding}'; known: {', '.join(known)}")
