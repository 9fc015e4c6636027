"""Publishes each answer of a node: typed answer, label image, overlay and markers, in frame and stamp of the image."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from annexe_ros.core import Frame, Interpretation
from annexe_ros.drawing import draw_overlay
from annexe_ros.msg import InteractionAnswer
from annexe_ros.ros import qos
from annexe_ros.ros.answers import header_of, label_image_message
from annexe_ros.ros.images import image_message
from annexe_ros.ros.markers import markers_message
from annexe_ros.ros.replies import CallOutcome, reported_in


class AnswerOutput:
    """The topics ``~/answer``, ``~/mask``, ``~/overlay`` and ``~/markers``; silent while the node isn't active."""

    def __init__(self, node: LifecycleNode) -> None:
        """Advertise."""
        self._node = node
        self._undrawn: tuple[str, Interpretation, Frame] | None = None
        self._answer = node.create_lifecycle_publisher(
            InteractionAnswer, "~/answer", qos.last_answer(), qos_overriding_options=qos.overridable()
        )
        self._mask, self._overlay = (
            node.create_lifecycle_publisher(Image, topic, qos.reliable(), qos_overriding_options=qos.overridable())
            for topic in ("~/mask", "~/overlay")
        )
        self._markers = node.create_lifecycle_publisher(
            MarkerArray, "~/markers", qos.reliable(), qos_overriding_options=qos.overridable()
        )

    def publish(self, answer: InteractionAnswer, reply: Interpretation, frame: Frame) -> None:
        """Publish an answer and its label image; what is drawn of them, only while somebody looks.

        The overlay takes longest and is drawn in a task of its own, so that the caller has the answer before.
        """
        self._answer.publish(answer)
        self._mask.publish(label_image_message(reply, frame))
        if self._markers.get_subscription_count():
            self._markers.publish(markers_message(reply, frame))
        executor = self._node.executor
        if self._overlay.get_subscription_count() and executor is not None:
            self._undrawn = answer.query, reply, frame
            executor.create_task(self._draw_newest)

    def _draw_newest(self) -> None:
        with reported_in(CallOutcome(), self._node.get_logger()):
            if self._undrawn is not None:
                query, reply, frame = self._undrawn
                self._undrawn = None
                picture = draw_overlay(frame.image, reply, query)
                self._overlay.publish(image_message(picture, "rgb8", header_of(frame)))

    def close(self) -> None:
        """Withdraw the topics."""
        self._undrawn = None
        for publisher in (self._answer, self._mask, self._overlay, self._markers):
            self._node.destroy_lifecycle_publisher(publisher)
