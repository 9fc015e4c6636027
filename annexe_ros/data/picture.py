"""Image files in memory to pixels, or nothing: whoever reads them knows what to say about a damaged one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


def decoded(data: bytes, flags: int) -> NDArray[Any] | None:
    """Return the pixels as ``cv2.imdecode`` does with ``flags``; None for what is no whole image."""
    if not data or _is_cut_off(data):
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # e.g. more pixels than OpenCV takes
        return None
    return None if image is None else np.asarray(image)


def _is_cut_off(data: bytes) -> bool:
    """Tell whether a JPEG lacks its end: OpenCV 4 decodes half a file to half an image."""
    return data.startswith(_JPEG_START) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN)
