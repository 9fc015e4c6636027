"""Subscribes to one RGB-D camera and keeps what it saw last; frames are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from annexe_ros.core import Frame
from annexe_ros.ros import qos
from annexe_ros.ros.camera_statistics import CameraStatistics
from annexe_ros.ros.camera_sync import CameraImages, CameraSync

if TYPE_CHECKING:
    from annexe_ros.inference import Mailbox

RAW, COMPRESSED, COMPRESSED_DEPTH = "raw", "compressed", "compressedDepth"
IMAGE_TRANSPORTS = (RAW, COMPRESSED)
DEPTH_TRANSPORTS = (RAW, COMPRESSED_DEPTH)
"""How images may come, by image_transport's names; what isn't raw has a topic below the raw one's, of that name."""


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
        image_transport: str = RAW,
        depth_transport: str = RAW,
    ) -> None:
        """Subscribe; the topics of a camera with a name lie under that name. See ``CameraSync`` for the rest."""
        self.name, self.rectified = name, rectified
        self._mismatches: dict[str, tuple[str, int]] = {}
        self._node, self._mailbox = node, mailbox
        self._sync = CameraSync(mailbox.put, slop_s, queue_size, camera_name=name, rectified=rectified)
        self._subscriptions = [
            self._subscribe("image", image_transport, self._sync.colour),
            self._subscribe("depth", depth_transport, self._sync.depth),
            self._subscribe("camera_info", RAW, self._sync.info, CameraInfo),
        ]

    @property
    def statistics(self) -> CameraStatistics:
        """What became of the images so far; for the thread of the node's callbacks."""
        return self._sync.statistics

    @property
    def qos_mismatches(self) -> tuple[str, ...]:
        """Topics with publishers that can't be heard: "<topic> (<policy>, <publishers so far>)"."""
        return tuple(f"{topic} ({policy}, {count})" for topic, (policy, count) in self._mismatches.items())

    def frame(self, max_age_s: float) -> Frame:
        """Return the newest frame; raises ``NoFrameError``, ``StaleFrameError`` or ``BadImageError``. Any thread."""
        return self._mailbox.newest(max_age_s, self._node.get_clock().now().nanoseconds).frame()

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _subscribe(
        self, topic: str, transport: str, callback: Callable[[Any], None], kind: type = Image
    ) -> Subscription:
        """Subscribe as image_transport does: the raw topic is what is remapped, and the others lie below it."""
        name = self._node.resolve_topic_name(f"{self.name}/{topic}" if self.name else topic)
        if transport != RAW:
            name, kind = f"{name}/{transport}", CompressedImage
        return self._node.create_subscription(
            kind,
            name,
            callback,
            qos.sensor(),
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=lambda event: self._on_incompatible_qos(name, event)
            ),
            qos_overriding_options=qos.overridable(),
        )

    def _on_incompatible_qos(self, topic: str, event: QoSRequestedIncompatibleQoSInfo) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        self._mismatches[topic] = (policy, event.total_count)
        self._node.get_logger().warning(
            f"nothing can be heard from a publisher on '{topic}': its quality of service has another {policy} "
            f"than the parameters 'qos_overrides.{topic}.subscription' or their defaults ask for"
        )
