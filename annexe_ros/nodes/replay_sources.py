"""What ``camera_replay`` plays, as messages: frames of a folder, clips, or a bag whose messages go out as recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from geometry_msgs.msg import Point, PointStamped
from rclpy.serialization import deserialize_message
from std_msgs.msg import Header

from annexe_ros.data.bag import COMPRESSED, IMAGE, INFO, Bag
from annexe_ros.data.bag_files import is_bag
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.data.clips.reel import ClipReel, is_clip_folder
from annexe_ros.data.recording import DEFAULT_FRAME_ID, Recording
from annexe_ros.data.timeline import Timeline
from annexe_ros.ros.answers import header_of
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.definitions import message_class
from annexe_ros.ros.images import depth_message, image_message

POINT = "geometry_msgs/msg/PointStamped"
COMPRESSED_TOPICS = {"image": "image/compressed", "depth": "depth/compressedDepth"}
"""Where image_transport has the compressed images of a topic."""


class ReplaySource(Protocol):
    """Something to play: entries of messages that belong together.

    Attributes:
        timeline: when the entries were.
        topics: type of each topic on which there are messages, e.g. {"image": "sensor_msgs/msg/Image"}.
    """

    timeline: Timeline
    topics: dict[str, str]

    def messages(self, index: int) -> Iterator[tuple[str, Any]]:
        """Yield topic and message, stamped as recorded, of one entry; raises ``DatasetFormatError``."""

    def close(self) -> None:
        """Give open files back."""


def open_source(path: Path | str, topics: Mapping[str, str]) -> ReplaySource:
    """Open a recording, a folder of scenes or clips, or a bag; ``topics`` says where a bag has the camera's topics.

    Raises ``DatasetFormatError`` or ``MissingDependencyError``.
    """
    if is_clip_folder(path):
        return ClipSource(ClipReel(ClipFolder(path)))
    return BagSource(Bag(path, topics)) if is_bag(path) else FolderSource(Recording.open(path))


class FolderSource:
    """Frames of a folder: ``image`` (rgb8), ``depth`` (16UC1 [mm]), ``camera_info``, ``gaze``, where there are such."""

    def __init__(self, recording: Recording) -> None:
        """Play ``recording``; each frame is read when it is due."""
        self._recording = recording
        self.timeline = recording.timeline
        self.topics = {"camera_info": INFO, "depth": IMAGE, "image": IMAGE}
        if recording.gaze(recording.frames[0]) is not None:
            self.topics["gaze"] = POINT

    def messages(self, index: int) -> Iterator[tuple[str, Any]]:
        """See ``ReplaySource``."""
        entry = self._recording.frames[index]
        frame, gaze = self._recording.read(entry), self._recording.gaze(entry)
        header = header_of(frame)
        if frame.camera is not None:
            yield "camera_info", camera_info_message(frame.camera, header)
        if frame.depth is not None:
            yield "depth", depth_message(frame.depth, header)
        if gaze is not None and "gaze" in self.topics:
            yield "gaze", PointStamped(header=header, point=Point(x=gaze[0], y=gaze[1]))
        yield "image", image_message(frame.image, "rgb8", header)

    def close(self) -> None:
        """See ``ReplaySource``; nothing is open."""


class ClipSource:
    """Frames of generated clips, as ``image`` (rgb8) alone."""

    def __init__(self, reel: ClipReel) -> None:
        """Play ``reel``; each clip is read when it is due."""
        self._reel = reel
        self.timeline = reel.timeline
        self.topics = {"image": IMAGE}

    def messages(self, index: int) -> Iterator[tuple[str, Any]]:
        """See ``ReplaySource``."""
        yield "image", image_message(self._reel.picture(index), "rgb8", Header(frame_id=DEFAULT_FRAME_ID))

    def close(self) -> None:
        """See ``ReplaySource``; nothing is open."""


class BagSource:
    """Messages of a bag, on the topics of a camera whatever they were called when recorded."""

    def __init__(self, bag: Bag) -> None:
        """Play ``bag``, which is closed with this."""
        self._bag = bag
        self.timeline = bag.timeline
        self._topic_by_role = {
            role: COMPRESSED_TOPICS[role] if kind == COMPRESSED else role for role, kind in bag.types.items()
        }
        self._kinds = {role: message_class(kind) for role, kind in bag.types.items()}
        self.topics = {self._topic_by_role[role]: kind for role, kind in bag.types.items()}

    def messages(self, index: int) -> Iterator[tuple[str, Any]]:
        """See ``ReplaySource``."""
        for role, data in self._bag.read(self._bag.moments[index]):
            yield self._topic_by_role[role], deserialize_message(data, self._kinds[role])

    def close(self) -> None:
        """See ``ReplaySource``."""
        self._bag.close()
