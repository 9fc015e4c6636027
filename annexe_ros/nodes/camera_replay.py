"""The node ``camera_replay``: plays a recording, a folder of scenes or clips, or a bag as if a head camera were there.

Publishes ``image``, ``depth``, ``camera_info`` and ``gaze`` with the recording's pace, each only where the recording
has it; a bag's compressed images go out on ``image/compressed`` and ``depth/compressedDepth``. What is played is read
from disk as it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annexe_ros.nodes.replay_sources import ReplaySource, open_source
from annexe_ros.nodes.replaying import PlayingParameters, ReplayNode
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros.parameters import parameter


@dataclass(frozen=True)
class ReplayParameters(PlayingParameters):
    """Parameters of the node ``camera_replay``."""

    recording: str = parameter(
        "", "Folder of a recording, of scenes or of clips, or a bag of rosbag2 (MCAP, SQLite).", read_only=True
    )
    image_topic: str = parameter("/image", "Where a bag has the images, raw or compressed.", read_only=True)
    depth_topic: str = parameter("/depth", "Where a bag has the depth images, if it has any.", read_only=True)
    camera_info_topic: str = parameter("/camera_info", "Where a bag has the intrinsics, if it has any.", read_only=True)


class CameraReplay(ReplayNode[ReplayParameters]):
    """Publishes a recording entry by entry."""

    def __init__(self, **options: Any) -> None:
        """Open the recording and begin.

        Raises ``ParameterError``, ``DatasetFormatError`` or ``MissingDependencyError``.
        """
        super().__init__("camera_replay", ReplayParameters, _opened, **options)


def _opened(values: ReplayParameters) -> ReplaySource:
    topics = {"image": values.image_topic, "depth": values.depth_topic, "camera_info": values.camera_info_topic}
    return open_source(values.recording, topics)


def main() -> int:
    """Run the node until the recording ends or it is interrupted."""
    return spin_until_shutdown(CameraReplay)
