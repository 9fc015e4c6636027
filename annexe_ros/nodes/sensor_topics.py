"""Subscriptions to what sensors send, and a memory of the publishers that can't be heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from annexe_ros.ros import qos

RAW, COMPRESSED, COMPRESSED_DEPTH = "raw", "compressed", "compressedDepth"
IMAGE_TRANSPORTS = (RAW, COMPRESSED)
DEPTH_TRANSPORTS = (RAW, COMPRESSED_DEPTH)
"""How images may come, by image_transport's names; what isn't raw has a topic below the raw one's, of that name."""


class SensorTopics:
    """Subscriptions of a node with the quality of service of sensors; they end together."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._mismatches: dict[str, tuple[str, int]] = {}
        self._subscriptions: list[Subscription] = []

    @property
    def qos_mismatches(self) -> tuple[str, ...]:
        """Topics with publishers that can't be heard: "<topic> (<policy>, <publishers so far>)"."""
        return tuple(f"{topic} ({policy}, {count})" for topic, (policy, count) in self._mismatches.items())

    def subscribe(self, topic: str, callback: Callable[[Any], None], transport: str = RAW, kind: type = Image) -> None:
        """Subscribe as image_transport does: the raw topic is what is remapped, and the others lie below it."""
        if transport != RAW:
            topic, kind = self._below(topic, transport), CompressedImage
        name = self._node.resolve_topic_name(topic)
        events = SubscriptionEventCallbacks(
            incompatible_qos=lambda event: self._on_incompatible_qos(name, event), use_default_callbacks=False
        )
        made = self._node.create_subscription(
            kind, topic, callback, qos.sensor(), event_callbacks=events, qos_overriding_options=qos.overridable()
        )
        self._subscriptions.append(made)

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def _below(self, topic: str, transport: str) -> str:
        """Return what to subscribe to, which resolves it: the transport's own name where that is remapped itself."""
        resolve, own = self._node.resolve_topic_name, f"{topic}/{transport}"
        return own if resolve(own) != resolve(own, only_expand=True) else f"{resolve(topic)}/{transport}"

    def _on_incompatible_qos(self, topic: str, event: QoSRequestedIncompatibleQoSInfo) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        self._mismatches[topic] = (policy, event.total_count)
        self._node.get_logger().warning(
            f"nothing can be heard from a publisher on '{topic}': its quality of service has another {policy} "
            f"than the parameters 'qos_overrides.{topic}.subscription' or their defaults ask for"
        )
