"""``video_meta_downsampled.json``: length, view, scene and task of every video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.lines import json_value

VIEWS = ("ego", "exo")
SCENES = ("kitchen", "lab")


@dataclass(frozen=True)
class Video:
    """One video; ``task`` is "task1" to "task8"."""

    uid: str
    frames: int
    fps: float
    width: int
    height: int
    view: str
    scene: str
    task: str


def read_videos(path: Path | str) -> dict[str, Video]:
    """Return the videos by uid; raises ``DatasetFormatError``."""
    entries = json_value(path)
    if not isinstance(entries, list) or not entries:
        raise DatasetFormatError(path, "is not a list of videos")
    videos = [_video(path, number, entry) for number, entry in enumerate(entries)]
    found = {video.uid: video for video in videos}
    if len(found) < len(videos):
        raise DatasetFormatError(path, f"names {len(videos) - len(found)} videos twice")
    return found


def _video(path: Path | str, number: int, entry: Any) -> Video:
    try:
        video = Video(
            str(entry["video_uid"]),
            int(entry["num_frames"]),
            float(entry["fps"]),
            int(entry["width"]),
            int(entry["height"]),
            entry["view"],
            entry["scene"],
            entry["task"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"entry {number} is not a video: {error!r}") from error
    if video.view not in VIEWS or video.scene not in SCENES or video.frames <= 0 or video.fps <= 0:
        raise DatasetFormatError(path, f"entry {number} has an unknown view or scene, or no length")
    return video
