"""Frames of a video file in their order: decoded as they are asked for, and sought for only where the order breaks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError


class FilmFile:
    """An open video.

    Attributes:
        path: the file.
        rate_hz: frames per second.
        count: how many frames it says it has.
        width, height: of the frames [px].
    """

    def __init__(self, path: Path | str) -> None:
        """Open the file; raises ``DatasetFormatError`` for what is no video."""
        self.path = Path(path)
        self._capture = cv2.VideoCapture(str(path))
        self.rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self.count, self.width, self.height = (
            int(self._capture.get(what))
            for what in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self._next = 0
        if not self._capture.isOpened() or self.count < 1 or not self.rate_hz > 0:
            self.close()
            raise DatasetFormatError(path, "is no video that can be read")

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Return a frame (H, W, 3), BGR; raises ``DatasetFormatError`` where it can't be read."""
        if index != self._next:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        read, picture = self._capture.read()
        self._next = index + 1
        if not read:
            raise DatasetFormatError(self.path, f"has no frame {index}, though it says it has {self.count}")
        return np.asarray(picture, np.uint8)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
