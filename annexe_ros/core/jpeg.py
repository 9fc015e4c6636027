"""What the bytes of a JPEG say of themselves, without decoding any pixel."""

from __future__ import annotations

import struct

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
JPEG_SCAN = 0xDA
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that declare the size, one per way of coding; the ones left out hold tables."""


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG that is all there, else None: OpenCV 4 decodes half a file to half an image."""
    if not data.startswith(JPEG_START):
        return None
    size, at = None, len(JPEG_START)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # filled up
            at += 1
            continue
        if marker == JPEG_SCAN:
            return size if data.find(JPEG_END, at) >= 0 else None
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = (width, height)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
