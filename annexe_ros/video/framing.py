"""From a camera's picture to the square that the clip encoder sees. Needs no torch."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def square(frame: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the middle (S, S, 3) of a picture (H, W, 3) whose short side is resized to S; a new array."""
    height, width = frame.shape[:2]
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    resized = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return np.array(resized[top : top + side, left : left + side], np.uint8)
