"""Subscribes to one RGB-D camera and keeps what it saw last; frames are made when they are asked for."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from geometry_msgs.msg import PointStamped
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from annexe_ros.core import Frame
from annexe_ros.core.errors import BadImageError, NoFrameError, StaleFrameError
from annexe_ros.core.gaze import HeldGaze
from annexe_ros.nodes.sensor_topics import RAW, SensorTopics
from annexe_ros.ros.camera_statistics import CameraStatistics
from annexe_ros.ros.camera_sync import CameraImages, CameraSync
from annexe_ros.ros.stamps import nanoseconds

if TYPE_CHECKING:
    from annexe_ros.inference import Mailbox

GAZE_TIMEOUT_S = 0.5
"""How long a gaze point holds where nothing else is said: two blinks."""


class CameraInput:
    """The topics ``image``, ``depth``, ``camera_info`` and ``gaze`` of a camera, and a slot for the newest images.

    Attributes:
        name: the camera's name, empty for the only one.
        gaze: where its wearer looked lately.
        rectified: its images are rectified although camera_info tells of distortion.
    """

    def __init__(
        self,
        node: Node,
        mailbox: Mailbox[CameraImages],
        name: str = "",
        *,
        slop_s: float,
        queue_size: int,
        rectified: bool,
        gaze_timeout_s: float = GAZE_TIMEOUT_S,
        image_transport: str = RAW,
        depth_transport: str = RAW,
    ) -> None:
        """Subscribe to all topics or none; those of a camera with a name lie under it. See ``CameraSync``."""
        self.name, self.rectified = name, rectified
        self._node, self._mailbox = node, mailbox
        self.gaze = HeldGaze(gaze_timeout_s)
        self._sync = CameraSync(mailbox.put, slop_s, queue_size, camera_name=name, rectified=rectified)
        prefix = f"{name}/" if name else ""
        self._topics = SensorTopics(node)
        with ExitStack() as made:
            made.callback(self._topics.close)
            self._topics.subscribe(f"{prefix}image", self._sync.colour, image_transport)
            self._topics.subscribe(f"{prefix}depth", self._sync.depth, depth_transport)
            self._topics.subscribe(f"{prefix}camera_info", self._sync.info, kind=CameraInfo)
            self._topics.subscribe(f"{prefix}gaze", self._on_gaze, kind=PointStamped)
            made.pop_all()

    @property
    def statistics(self) -> CameraStatistics:
        """What became of the images so far; for the thread of the node's callbacks."""
        return self._sync.statistics

    @property
    def qos_mismatches(self) -> tuple[str, ...]:
        """Topics with publishers that can't be heard: "<topic> (<policy>, <publishers so far>)"."""
        return self._topics.qos_mismatches

    def frame(self, max_age_s: float) -> Frame:
        """Return the newest frame; raises ``NoFrameError``, ``StaleFrameError`` or ``BadImageError``. Any thread."""
        return self._newest(max_age_s).frame()

    def stamp_ns(self, max_age_s: float) -> int:
        """Return the time of the newest images, whatever is in them; raises what ``frame`` raises of their time."""
        return self._newest(max_age_s).stamp_ns

    def _newest(self, max_age_s: float) -> CameraImages:
        try:
            return self._mailbox.newest(max_age_s, self._node.get_clock().now().nanoseconds)
        except (NoFrameError, StaleFrameError):
            if self._sync.lacks_stamps:
                raise BadImageError("the camera's images have no time stamps") from None
            raise

    def close(self) -> None:
        """Unsubscribe."""
        self._topics.close()

    def _on_gaze(self, message: PointStamped) -> None:
        """Take a sample; one without a stamp, as typed at a terminal, is of now."""
        stamp_ns = nanoseconds(message.header.stamp) or self._node.get_clock().now().nanoseconds
        self.gaze.put((message.point.x, message.point.y), stamp_ns)
