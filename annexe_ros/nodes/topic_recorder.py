"""The node ``topic_recorder``: records topics into an MCAP file, as ``ros2 bag record -s mcap`` does with a full ROS.

A topic is subscribed to once somebody publishes on it, with the quality of service that is offered. Messages stay
serialised; nothing is known of what they hold.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo
from rclpy.utilities import remove_ros_args

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.data.bag_writer import BagWriter
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros.definitions import message_class, message_definition
from annexe_ros.ros.parameter_requests import refuse_unknown_types

LOOK_S = 0.1
"""Time between looks for publishers of topics that have none yet [s]."""

DEPTH = 50
"""Messages that may wait while the disk is busy."""


class TopicRecorder(Node):
    """Records until it is destroyed.

    Attributes:
        counts: how many messages of each topic were recorded.
    """

    def __init__(self, path: Path | str, topics: Sequence[str], **options: Any) -> None:
        """Begin the file; raises ``DatasetFormatError`` or ``MissingDependencyError``."""
        super().__init__("topic_recorder", **options)
        refuse_unknown_types(self)
        self._bag = BagWriter(path)
        self.counts: Counter[str] = Counter()
        self._awaited = {self.resolve_topic_name(topic): topic for topic in topics}  # subscribing resolves once more
        self._looking = self.create_timer(LOOK_S, self._subscribe_to_offered)

    def destroy_node(self) -> None:
        """Finish the file."""
        super().destroy_node()
        self._bag.close()
        print(
            ", ".join(f"{count} of {topic}" for topic, count in sorted(self.counts.items())) or "nothing was recorded"
        )

    def _subscribe_to_offered(self) -> None:
        for name, topic in sorted(self._awaited.items()):
            offers = self.get_publishers_info_by_topic(topic)
            if offers:
                del self._awaited[name]
                self._record(name, topic, offers)
        if not self._awaited:
            self._looking.cancel()

    def _record(self, name: str, topic: str, offers: Sequence[TopicEndpointInfo]) -> None:
        type_name = offers[0].topic_type
        try:
            kind, definition = message_class(type_name), message_definition(type_name)
        except MissingDependencyError as error:
            self.get_logger().warning(f"topic '{name}' is not recorded: {error}")
            return
        number = self._bag.add_topic(name, type_name, definition)
        write = partial(self._write, name, number)
        self.create_subscription(kind, topic, write, _accepting(offers), raw=True)
        self.get_logger().info(f"recording '{name}' ({type_name})")

    def _write(self, topic: str, topic_number: int, data: bytes) -> None:
        self.counts[topic] += 1
        self._bag.add(topic_number, data, self.get_clock().now().nanoseconds)


def _accepting(offers: Sequence[TopicEndpointInfo]) -> QoSProfile:
    """Return the strictest profile that all publishers fulfil."""
    profiles = [offer.qos_profile for offer in offers]
    reliable = all(profile.reliability is ReliabilityPolicy.RELIABLE for profile in profiles)
    latched = all(profile.durability is DurabilityPolicy.TRANSIENT_LOCAL for profile in profiles)
    return QoSProfile(
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def main() -> int:
    """Record what the command line says until interrupted."""
    options = _parser().parse_args(remove_ros_args(sys.argv)[1:])
    return spin_until_shutdown(lambda: TopicRecorder(options.out, options.topic))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("topic_recorder", description="Record topics into an MCAP file.")
    parser.add_argument("topic", nargs="+", help="e.g. image depth camera_info /annexe/answer")
    parser.add_argument("--out", type=Path, required=True, help="the file, ending in .mcap")
    return parser
