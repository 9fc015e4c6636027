"""Where frames come from: a folder of images, a recording of ours, a bag of rosbag2 or a video. One frame at a time.

A frame that can't be read raises ``DatasetFormatError`` or ``BadImageError`` and leaves the others readable. Engines
aren't known here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from annexe_ros.core import Frame
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.bag_files import is_bag
from annexe_ros.data.ego_irgbench import read_colour
from annexe_ros.data.recording import Recording

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
VIDEO_SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v")
IMAGE_INTERVAL_NS = 1_000_000_000
"""Time between the images of a folder, which tells no times."""

DEFAULT_RATE_HZ = 30.0
DEFAULT_TOPICS = {"image": "/image", "depth": "/depth", "camera_info": "/camera_info"}


@dataclass(frozen=True)
class Entry:
    """A frame that can be asked for: its name in what is written, its number in the recording, its time."""

    id: str
    index: int
    stamp_ns: int


class FrameSource(Protocol):
    """A recording that is open.

    Attributes:
        entries: its frames in their order, also those that will turn out to be broken.
    """

    entries: tuple[Entry, ...]

    def read(self, entry: Entry) -> Frame:
        """Return a frame; raises ``DatasetFormatError`` or ``BadImageError`` where it is broken."""

    def close(self) -> None:
        """Give open files back."""


def open_frames(path: Path | str, topics: Mapping[str, str]) -> FrameSource:
    """Open a recording; ``topics`` says where a bag has image, depth and camera_info.

    Raises ``DatasetFormatError``, and ``MissingDependencyError`` for a bag without the libraries that read it.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetFormatError(path, "no such file or folder")
    if (path / "RGB").is_dir():
        return RecordingFrames(Recording.open(path))
    if is_bag(path):
        from annexe_ros.data.annotation.bag_frames import BagFrames

        return BagFrames(path, topics)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoFrames(path)
    if path.is_dir():
        return ImageFolder(path)
    raise DatasetFormatError(path, "is no recording: known are folders of images, bags (.mcap, .db3) and videos")


class RecordingFrames:
    """A folder in our layout, with depth and intrinsics where it has them."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.entries = tuple(Entry(item.id, n, item.stamp_ns) for n, item in enumerate(recording.frames))

    def read(self, entry: Entry) -> Frame:
        """See ``FrameSource``."""
        return self._recording.read(self._recording.frames[entry.index])

    def close(self) -> None:
        """See ``FrameSource``; nothing is open."""


class ImageFolder:
    """Images in the order of their names."""

    def __init__(self, folder: Path) -> None:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
        if not files:
            raise DatasetFormatError(folder, f"has neither a folder 'RGB' nor images ({', '.join(IMAGE_SUFFIXES)})")
        twice = [name for name, count in Counter(file.stem for file in files).items() if count > 1]
        if twice:
            raise DatasetFormatError(folder, f"has two images of the name '{twice[0]}'")
        self._files = files
        self.entries = tuple(Entry(file.stem, n, n * IMAGE_INTERVAL_NS) for n, file in enumerate(files))

    def read(self, entry: Entry) -> Frame:
        """See ``FrameSource``."""
        return Frame(read_colour(self._files[entry.index]), stamp_ns=entry.stamp_ns)

    def close(self) -> None:
        """See ``FrameSource``; nothing is open."""


class VideoFrames:
    """A video, by OpenCV. It is read forwards: an earlier frame than the last one makes it begin anew."""

    def __init__(self, path: Path) -> None:
        self._path, self._next = path, 0
        self._video = self._opened()
        rate = self._video.get(cv2.CAP_PROP_FPS)
        interval_ns = 1e9 / (rate if 0 < rate < 1000 else DEFAULT_RATE_HZ)
        count = int(self._video.get(cv2.CAP_PROP_FRAME_COUNT))
        if count < 1:
            raise DatasetFormatError(path, "is a video without frames, or its index is missing")
        self.entries = tuple(Entry(numbered(path, n), n, round(n * interval_ns)) for n in range(count))

    def read(self, entry: Entry) -> Frame:
        """See ``FrameSource``."""
        if entry.index < self._next:
            self._video.release()
            self._video, self._next = self._opened(), 0
        while self._next < entry.index:
            self._video.grab()
            self._next += 1
        self._next += 1
        whole, image = self._video.read()
        if not whole or image is None:
            raise DatasetFormatError(self._path, f"frame {entry.index} can't be decoded")
        return Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), stamp_ns=entry.stamp_ns)  # type: ignore[arg-type]

    def close(self) -> None:
        """See ``FrameSource``."""
        self._video.release()

    def _opened(self) -> cv2.VideoCapture:
        video = cv2.VideoCapture(str(self._path))
        if not video.isOpened():
            raise DatasetFormatError(self._path, "is not a video that OpenCV can read")
        return video


def numbered(path: Path, number: int) -> str:
    """Return the name of a frame of a file, or of a bag that is a folder."""
    path = Path(os.path.abspath(path))  # "." has a name then
    return f"{path.name if path.is_dir() else path.stem}_{number:06d}"
