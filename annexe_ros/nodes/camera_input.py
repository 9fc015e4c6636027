"""Subscribes to one RGB-D camera and keeps what it saw last; frames are made when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from annexe_ros.core import Frame
from annexe_ros.ros import qos
from annexe_ros.ros.camera_sync import CameraImages, CameraSync

if TYPE_CHECKING:
    from annexe_ros.inference import Mailbox


class CameraInput:
    """The topics ``image``, ``depth`` and ``camera_info`` of a camera, and a slot for the newest images.

    Attributes:
        name: the camera's name, empty for the only one.
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
    ) -> None:
        """Subscribe; the topics of a camera with a name lie under that name. See ``CameraSync`` for the rest."""
        self.name, self.rectified = name, rectified
        self._node, self._mailbox = node, mailbox
        sync = CameraSync(mailbox.put, slop_s, queue_size, camera_name=name, rectified=rectified)
        prefix = f"{name}/" if name else ""
        self._subscriptions = [
            node.create_subscription(
                kind, prefix + topic, callback, qos.sensor(), qos_overriding_options=qos.overridable()
            )
            for kind, topic, callback in (
                (Image, "image", sync.colour),
                (Image, "depth", sync.depth),
                (CameraInfo, "camera_info", sync.info),
            )
        ]

    def frame(self, max_age_s: float) -> Frame:
        """Return the newest frame; raises ``NoFrameError``, ``StaleFrameError`` or ``BadImageError``. Any thread."""
        return self._mailbox.newest(max_age_s, self._node.get_clock().now().nanoseconds).frame()

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
