"""Image files in memory to pixels, or nothing: whoever reads them knows what to say about a damaged one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.jpeg import JPEG_START, jpeg_size


def decoded(data: bytes, flags: int) -> NDArray[Any] | None:
    """Return the pixels as ``cv2.imdecode`` does with ``flags``; None for what is no whole image."""
    if not data or (data.startswith(JPEG_START) and jpeg_size(data) is None):
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # e.g. more pixels than OpenCV takes
        return None
    return None if image is None else np.asarray(image)
