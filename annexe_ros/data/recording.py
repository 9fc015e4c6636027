"""A camera recording on disk: what a head camera saw, frame by frame, with depth, intrinsics and time.

A recording is a folder in Ego-IRGBench's layout with one file more, ``recording.json``::

    RGB/<id>.jpg  depth/<id>.png                       depth: uint16 [mm], aligned to RGB, 0 = unknown; optional
    recording.json  {"frame_id": "head_camera_color_optical_frame",
                     "camera": {"width": .., "height": .., "fx": .., "fy": .., "cx": .., "cy": ..} or null,
                     "frames": [{"id": "<id>", "stamp_ns": 0}, ...]}

A folder of generated scenes has no such file: its images come in the order of their names, a fixed time apart, each
with the intrinsics in its ``scene/<id>.json``. Frames are read when asked for. Neither ROS nor
bags (``data/bag.py``) are known here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from annexe_ros.core import Frame, PinholeCamera
from annexe_ros.core.errors import BadImageError, DatasetFormatError
from annexe_ros.core.gaze import Point
from annexe_ros.data.ego_irgbench import read_colour, read_depth
from annexe_ros.data.timeline import Timeline
from annexe_ros.data.whole import whole

INDEX_NAME = "recording.json"
DEFAULT_FRAME_ID = "head_camera_color_optical_frame"
SCENE_INTERVAL_NS = 1_000_000_000
"""Time between the images of a folder of scenes: they are views of their own, not a film."""


@dataclass(frozen=True)
class RecordedFrame:
    """One entry of a recording: name of its files, time since the recording began, intrinsics (None: unknown)."""

    id: str
    stamp_ns: int
    camera: PinholeCamera | None


@dataclass(frozen=True)
class Recording:
    """A sequence of frames in order of time.

    Attributes:
        root: the folder.
        frame_id: optical frame of the camera.
        frames: at least one; stamps rise.
    """

    root: Path
    frame_id: str
    frames: tuple[RecordedFrame, ...]

    @classmethod
    def open(cls, root: Path | str) -> Recording:
        """Read a recording's index, or list a folder of scenes; raises ``DatasetFormatError``."""
        root = Path(root)
        if not (root / "RGB").is_dir():
            raise DatasetFormatError(root, "is neither a recording nor a folder of scenes: it has no folder 'RGB'")
        index = root / INDEX_NAME
        frame_id, frames = _read_index(index) if index.is_file() else (DEFAULT_FRAME_ID, _list_scenes(root))
        if not frames:
            raise DatasetFormatError(root, "has no frame")
        return cls(root, frame_id, tuple(frames))

    @cached_property
    def timeline(self) -> Timeline:
        """When its frames were taken."""
        return Timeline(tuple(frame.stamp_ns for frame in self.frames))

    def read(self, entry: RecordedFrame) -> Frame:
        """Read the images of one entry; raises ``DatasetFormatError``."""
        depth = self.root / "depth" / f"{entry.id}.png"
        try:
            return Frame(
                read_colour(self.root / "RGB" / f"{entry.id}.jpg"),
                read_depth(depth) if depth.is_file() else None,
                entry.camera,
                entry.stamp_ns,
                self.frame_id,
            )
        except BadImageError as error:
            raise DatasetFormatError(self.root, f"frame '{entry.id}': {error}") from error

    def gaze(self, entry: RecordedFrame) -> Point | None:
        """Return the pixel that the wearer looked at in a generated image; None where it isn't known.

        Raises ``DatasetFormatError``.
        """
        truth = _scene_truth(self.root, entry.id)
        try:
            looking = truth and truth.get("gaze")
            if not looking:
                return None
            x, y = looking["point"]
            return float(x), float(y)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DatasetFormatError(self.root / "scene" / f"{entry.id}.json", f"holds no gaze ({error})") from error


def write_index(root: Path | str, frame_id: str, camera: PinholeCamera | None, stamps_ns: Mapping[str, int]) -> None:
    """Write ``recording.json`` of a folder whose images are there; ``stamps_ns`` by id, in order of time.

    ``camera`` is None where the intrinsics are unknown, or not the same in all images.
    """
    frames = [{"id": id_, "stamp_ns": stamp} for id_, stamp in stamps_ns.items()]
    index = {"frame_id": frame_id, "camera": camera and asdict(camera), "frames": frames}
    with whole(Path(root) / INDEX_NAME) as path:
        path.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _read_index(path: Path) -> tuple[str, list[RecordedFrame]]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        camera = None if index["camera"] is None else PinholeCamera(**index["camera"])
        frames = [RecordedFrame(str(item["id"]), int(item["stamp_ns"]), camera) for item in index["frames"]]
        frame_id = str(index["frame_id"])
    except (KeyError, TypeError, ValueError, BadImageError) as error:
        raise DatasetFormatError(path, f"is not the index of a recording ({type(error).__name__}: {error})") from error
    if any(later.stamp_ns <= earlier.stamp_ns for earlier, later in itertools.pairwise(frames)):
        raise DatasetFormatError(path, "the stamps of its frames don't rise")
    return frame_id, frames


def _list_scenes(root: Path) -> Sequence[RecordedFrame]:
    ids = sorted(path.stem for path in (root / "RGB").glob("*.jpg"))
    return [RecordedFrame(id_, i * SCENE_INTERVAL_NS, _scene_camera(root, id_)) for i, id_ in enumerate(ids)]


def _scene_camera(root: Path, id_: str) -> PinholeCamera | None:
    """Return the intrinsics that the scene's truth holds; None for images that were not generated."""
    truth = _scene_truth(root, id_)
    if truth is None:
        return None
    try:
        return PinholeCamera(**truth["camera"])
    except (KeyError, TypeError, ValueError, BadImageError) as error:
        path = root / "scene" / f"{id_}.json"
        raise DatasetFormatError(path, f"holds no camera ({type(error).__name__}: {error})") from error


def _scene_truth(root: Path, id_: str) -> Any:
    """Return what is known of a generated image; None for others."""
    path = root / "scene" / f"{id_}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError as error:
        raise DatasetFormatError(path, f"is not JSON: {error}") from error
