"""From a camera's picture to the square that the clip encoder sees. Needs no torch."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDEST = 4
"""Long side over short side of what is resized; of a longer picture the ends are left out before, to save memory."""


def square(frame: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the middle (S, S, 3) of a picture (H, W, 3) whose short side is resized to S; a new array."""
    height, width = frame.shape[:2]
    frame = _middle(frame, min(width, WIDEST * height), min(height, WIDEST * width))
    height, width = frame.shape[:2]
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    resized = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.array(_middle(resized, side, side), np.uint8)


def _middle(picture: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    left, top = (picture.shape[1] - width) // 2, (picture.shape[0] - height) // 2
    return picture[top : top + height, left : left + width]
