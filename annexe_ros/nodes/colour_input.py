"""Subscribes to the colour images of one camera and hands each on as a frame, as it comes."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from annexe_ros.core import Frame
from annexe_ros.nodes.sensor_topics import RAW, SensorTopics
from annexe_ros.ros.camera_statistics import CameraCounters, CameraStatistics
from annexe_ros.ros.camera_sync import AnyImage, CameraImages
from annexe_ros.ros.replies import CallOutcome, reported_in


class ColourInput:
    """The topic ``image`` of a camera, raw or compressed."""

    def __init__(self, node: Node, take: Callable[[Frame], None], image_transport: str = RAW) -> None:
        """Subscribe; ``take`` is called in the thread of the node's callbacks."""
        self._node, self._take, self._counters = node, take, CameraCounters()
        self._complaint = ""
        self._topics = SensorTopics(node)
        self._topics.subscribe("image", self._on_image, image_transport)

    @property
    def statistics(self) -> CameraStatistics:
        """What became of the images so far."""
        return self._counters.statistics(0)

    @property
    def qos_mismatches(self) -> tuple[str, ...]:
        """Topics with publishers that can't be heard; see ``SensorTopics``."""
        return self._topics.qos_mismatches

    def close(self) -> None:
        """Unsubscribe."""
        self._topics.close()

    def _on_image(self, message: AnyImage) -> None:
        outcome = CallOutcome()
        with reported_in(outcome, self._node.get_logger()):
            frame = CameraImages(message).frame()
            self._take(frame)
            self._counters.colour(frame.stamp_ns)
            self._counters.handed_on(frame.stamp_ns, paired=False)
        if not outcome.success:
            self._counters.refused()
            self._complain(outcome.message)

    def _complain(self, sentence: str) -> None:
        """Log what is wrong with images once, not with every image."""
        if sentence != self._complaint:
            self._node.get_logger().warning(f"images are left out: {sentence}")
        self._complaint = sentence
