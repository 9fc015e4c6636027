"""``sensor_msgs/CompressedImage`` to arrays, as image_transport writes it: colour in JPEG or PNG, compressedDepth.

compressedDepth puts 12 bytes in front of a 16-bit PNG: an int32 and two float32 (A, B), little-endian. For 16UC1 the
PNG holds millimetres; for 32FC1 it holds v = A / depth + B. The size that a file declares is looked at before it is
decoded, since a few kilobytes can declare gigabytes. Uncompressed images aren't known here.
"""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage

from annexe_ros.core.depth import known_depth
from annexe_ros.core.errors import BadImageError
from annexe_ros.core.jpeg import jpeg_size
from annexe_ros.ros.images import MILLIMETRES, check_size

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_GREY, PNG_DEPTH_BITS = 0, 16

DEPTH_HEADER = struct.Struct("<iff")
DEPTH_CODECS = ("compressedDepth png", "compressedDepth", "")
"""What stands behind the encoding where the depth is a PNG; older plugins say less."""


def colour_from_compressed(message: CompressedImage) -> NDArray[np.uint8]:
    """Return the image as (H, W, 3) uint8, RGB; grey images become grey colours.

    What the data is, is read from the data. Raises ``BadImageError``.
    """
    data = bytes(message.data)
    check_size(*_declared_size(data, message.format))
    pixels = _decoded(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, message.format)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def depth_from_compressed(message: CompressedImage) -> NDArray[np.float32]:
    """Return the depth as (H, W) float32 [m], NaN where unknown. Raises ``BadImageError``."""
    encoding, _, codec = (part.strip() for part in message.format.partition(";"))
    if encoding not in ("16UC1", "32FC1") or codec not in DEPTH_CODECS:
        raise BadImageError(
            f"depth compressed as '{message.format}' can't be read; known: 16UC1 and 32FC1 with compressedDepth png"
        )
    pixels, a, b = _depth_png(bytes(message.data), message.format)
    if encoding == "16UC1":
        depth = pixels * MILLIMETRES
    else:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            depth = np.float32(a) / (pixels.astype(np.float32) - np.float32(b))
    depth[(pixels == 0) | ~known_depth(depth)] = np.nan
    return depth


def _depth_png(data: bytes, format_: str) -> tuple[NDArray[np.uint16], float, float]:
    """Return the pixels (H, W) behind the 12 bytes, and A and B."""
    if len(data) < DEPTH_HEADER.size:
        raise BadImageError(f"the compressed depth image ('{format_}') has only {len(data)} bytes")
    _, a, b = DEPTH_HEADER.unpack_from(data)
    png = data[DEPTH_HEADER.size :]
    if not png.startswith(PNG_START) or tuple(png[24:26]) != (PNG_DEPTH_BITS, PNG_GREY):
        raise BadImageError(f"the compressed depth image ('{format_}') holds no PNG of 16 bits behind its 12 bytes")
    check_size(*_png_size(png))
    return _decoded(png, cv2.IMREAD_UNCHANGED, format_), a, b


def _declared_size(data: bytes, format_: str) -> tuple[int, int]:
    """Return width and height that a JPEG or PNG declares."""
    if data.startswith(PNG_START) and len(data) >= 24:
        return _png_size(data)
    size = jpeg_size(data)
    if size is None:
        raise BadImageError(f"the compressed image ('{format_}', {len(data)} bytes) is no whole JPEG or PNG")
    return size


def _png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _decoded(data: bytes, flags: int, format_: str) -> NDArray[Any]:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BadImageError(f"OpenCV can't decode the compressed image ('{format_}'): {error.err}") from error
    if pixels is None:
        raise BadImageError(f"the compressed image ('{format_}', {len(data)} bytes) is damaged: it can't be decoded")
    return pixels
