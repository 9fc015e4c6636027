"""Frames of published videos: which file and which frames a clip is, and their pixels. A missing video is an error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.video.processing_egovideo import middles


@dataclass(frozen=True)
class Chunked:
    """Videos cut into equal chunks.

    Attributes:
        root: folder with one folder per video.
        seconds: length of a chunk.
        numbered: chunks are ``<number:04d>.mp4`` (EgoHOD); otherwise ``<start second>.mp4`` (LaViLa's Ego4D, in
            ``<video>.mp4/``).
    """

    root: Path
    seconds: float
    numbered: bool = False

    def place(self, video: str, at_s: float) -> tuple[Path, float]:
        """Return the file that holds a second of a video, and that second within the file."""
        number = int(at_s // self.seconds)
        if self.numbered:
            return self.root / video / f"{number:04d}.mp4", at_s - number * self.seconds
        return self.root / f"{video}.mp4" / f"{int(number * self.seconds)}.mp4", at_s - number * self.seconds

    def frames(self, video: str, start_s: float, end_s: float, count: int) -> NDArray[np.uint8]:
        """Return ``count`` frames (T, H, W, 3) RGB at the middles of equal parts of a clip, across chunks.

        A clip shorter than a second is seen for a second. Raises ``DatasetFormatError`` where a chunk is missing or
        ends too soon.
        """
        end_s = max(end_s, start_s + 1)
        times = start_s + (np.arange(count) + 0.5) * (end_s - start_s) / count
        return np.stack([_frame(*self.place(video, float(time))) for time in times])


def whole_film(path: Path, count: int) -> NDArray[np.uint8]:
    """Return ``count`` frames (T, H, W, 3) RGB spread over a whole video file; raises ``DatasetFormatError``."""
    film = _opened(path)
    try:
        total = int(film.get(cv2.CAP_PROP_FRAME_COUNT))
        return np.stack([_read(film, path, place) for place in middles(total, count)])
    finally:
        film.release()


def stretch(path: Path, start_s: float, end_s: float, count: int) -> NDArray[np.uint8]:
    """Return ``count`` frames (T, H, W, 3) RGB at the middles of equal parts of a stretch of a video file.

    Raises ``DatasetFormatError``.
    """
    times = start_s + (np.arange(count) + 0.5) * (end_s - start_s) / count
    return np.stack([_frame(path, float(time)) for time in times])


def _frame(path: Path, second: float) -> NDArray[np.uint8]:
    film = _opened(path)
    try:
        return _read(film, path, int(second * film.get(cv2.CAP_PROP_FPS)))
    finally:
        film.release()


def _opened(path: Path) -> cv2.VideoCapture:
    film = cv2.VideoCapture(str(path))
    if not film.isOpened():
        raise DatasetFormatError(path, "is no video that can be read")
    return film


def _read(film: cv2.VideoCapture, path: Path, place: int) -> NDArray[np.uint8]:
    film.set(cv2.CAP_PROP_POS_FRAMES, place)
    read, picture = film.read()
    if not read:
        raise DatasetFormatError(path, f"has no frame {place}")
    return cv2.cvtColor(np.asarray(picture, np.uint8), cv2.COLOR_BGR2RGB).astype(np.uint8)
