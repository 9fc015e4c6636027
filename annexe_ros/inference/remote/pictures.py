"""Pictures as bytes for the wire: colour as JPEG, PNG or raw, depth and labels as PNG.

What a file declares is checked against what was announced before it is decoded, since a few kilobytes can declare
gigabytes.
"""

from __future__ import annotations

import enum
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from annexe_ros.core.errors import BadImageError

MILLIMETRE = np.float32(0.001)
MAX_MILLIMETRES = np.iinfo(np.uint16).max
FAST = 1
"""PNG's level of compression: a label image gets hardly smaller with more, and the wire is faster than the packer."""


class Encoding(enum.StrEnum):
    """How a colour image goes over the wire."""

    JPEG = "jpeg"
    PNG = "png"
    RAW = "raw"


def colour_to_bytes(image: NDArray[np.uint8], encoding: Encoding, jpeg_quality: int = 92) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as bytes; PNG and raw lose nothing."""
    if encoding is Encoding.RAW:
        return image.tobytes()
    options: dict[str, Any] = {"compress_level": FAST} if encoding is Encoding.PNG else {"quality": jpeg_quality}
    return _file(image, encoding, **options)


def colour_from_bytes(data: bytes, encoding: Encoding, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the image (H, W, 3) uint8 RGB of ``size`` (width, height); raises ``BadImageError``."""
    if encoding is Encoding.RAW:
        return _from_raw(data, size)
    return np.asarray(_opened(data, encoding, size).convert("RGB"))


def depth_to_bytes(depth: NDArray[np.float32]) -> bytes:
    """Return a depth (H, W) float32 [m], NaN where unknown, as PNG of uint16 [mm] with 0 for unknown."""
    millimetres = np.nan_to_num(depth / MILLIMETRE, nan=0.0, posinf=0.0, neginf=0.0)
    beyond = (millimetres < 0) | (millimetres > MAX_MILLIMETRES)
    return _file(np.where(beyond, 0, np.rint(millimetres)).astype(np.uint16), Encoding.PNG, compress_level=FAST)


def depth_from_bytes(data: bytes, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the depth (H, W) float32 [m], NaN where unknown; raises ``BadImageError``."""
    picture = _opened(data, Encoding.PNG, size)
    if picture.mode not in ("I;16", "I"):
        raise BadImageError(f"depth is a PNG of 16 bits, not of mode {picture.mode}")
    millimetres = np.asarray(picture).astype(np.float32)
    return np.where(millimetres > 0, millimetres * MILLIMETRE, np.float32(np.nan))


def labels_to_bytes(labels: NDArray[np.uint8]) -> bytes:
    """Return a label image (H, W) uint8 as PNG."""
    return _file(labels, Encoding.PNG, compress_level=FAST)


def labels_from_bytes(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the label image (H, W) uint8 of ``size`` (width, height); raises ``BadImageError``."""
    picture = _opened(data, Encoding.PNG, size)
    if picture.mode != "L":
        raise BadImageError(f"a label image is a PNG of 8 bits grey, not of mode {picture.mode}")
    return np.asarray(picture)


def _file(array: NDArray[Any], encoding: Encoding, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, encoding.name, **options)
    return stream.getvalue()


def _from_raw(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    if len(data) != width * height * 3:
        raise BadImageError(f"a raw image of {width}x{height} has {width * height * 3} bytes, not {len(data)}")
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def _opened(data: bytes, encoding: Encoding, size: tuple[int, int]) -> Image.Image:
    """Return the decoded picture, whose file must be of this kind and size."""
    try:
        picture = Image.open(io.BytesIO(data), formats=[encoding.name])
        if picture.size != size:
            raise BadImageError(f"the {encoding} is {picture.width}x{picture.height}, not {size[0]}x{size[1]} as said")
        picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise BadImageError(f"{len(data)} bytes are no whole {encoding} picture ({error})") from error
    return picture
