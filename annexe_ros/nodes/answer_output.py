"""Publishes the answers about one camera: typed, as masks, pictures, markers, points and detections.

What is drawn for people takes long. A thread does it, so that neither the caller nor the camera's images wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from annexe_ros.core import Frame, Interpretation
from annexe_ros.core.transforms import PoseTransform
from annexe_ros.drawing import draw_overlay
from annexe_ros.msg import InteractionAnswer
from annexe_ros.ros import qos
from annexe_ros.ros.answers import label_image_message
from annexe_ros.ros.clouds import objects_cloud_message
from annexe_ros.ros.detections import (
    detections_2d_message,
    detections_3d_message,
    label_info_message,
    vision_msgs_installed,
)
from annexe_ros.ros.markers import MarkerPainter
from annexe_ros.ros.overlays import compressed_overlay_message, overlay_message
from annexe_ros.ros.replies import CallOutcome, reported_in


@dataclass(frozen=True, eq=False)
class _Answered:
    """One answer, as message and as what it was made from."""

    message: InteractionAnswer
    reply: Interpretation
    frame: Frame
    pose_transform: PoseTransform | None

    @cached_property
    def overlay(self) -> NDArray[np.uint8]:
        """The picture for people, drawn when it is first asked for."""
        return draw_overlay(self.frame.image, self.reply, self.message.query)


@dataclass(frozen=True)
class _Topic:
    """A topic and what is made for it of an answer; ``kept``: for those, too, who subscribe later."""

    publisher: LifecyclePublisher
    make: Callable[[_Answered], Any]
    kept: bool = False

    @property
    def is_wanted(self) -> bool:
        return self.kept or self.publisher.get_subscription_count() > 0

    def publish(self, answered: _Answered) -> None:
        self.publisher.publish(self.make(answered))


class AnswerOutput:
    """The topics of the answers about one camera; silent while the node isn't active.

    ``~/answer``, ``~/mask``, ``~/overlay``, ``~/overlay/compressed``, ``~/markers``, ``~/objects_cloud``, and where
    vision_msgs is installed ``~/detections``, ``~/detections_3d`` and ``~/label_info``. Those of a camera with a name
    lie under that name, e.g. ``~/head/answer``.
    """

    def __init__(self, node: LifecycleNode, camera_name: str = "") -> None:
        """Advertise all topics or none; the only camera has no name."""
        self._node = node
        self._prefix = f"~/{camera_name}/" if camera_name else "~/"
        self._painter, self._viewers = MarkerPainter(), 0
        self._drawing = ThreadPoolExecutor(1, "annexe-drawing")
        self._lock = threading.Lock()
        self._undrawn: tuple[_Answered, Sequence[_Topic]] | None = None
        self._is_drawing = False
        with ExitStack() as made:
            self._made = made
            self._told = [
                self._topic(InteractionAnswer, "answer", lambda it: it.message, kept=True),
                self._topic(Image, "mask", lambda it: label_image_message(it.reply, it.frame)),
                *self._detection_topics(),
            ]
            self._drawn = [
                self._topic(MarkerArray, "markers", self._markers),
                self._topic(PointCloud2, "objects_cloud", lambda it: objects_cloud_message(it.reply, it.frame)),
                self._topic(Image, "overlay", lambda it: overlay_message(it.overlay, it.frame)),
                self._topic(
                    CompressedImage, "overlay/compressed", lambda it: compressed_overlay_message(it.overlay, it.frame)
                ),
            ]
            self._made = made.pop_all()

    def publish(
        self,
        answer: InteractionAnswer,
        reply: Interpretation,
        frame: Frame,
        pose_transform: PoseTransform | None = None,
    ) -> None:
        """Publish an answer to whoever subscribes; ``pose_transform`` is the one that it was made with.

        What is drawn comes later; of answers that come faster than that, the newest is.
        """
        answered = _Answered(answer, reply, frame, pose_transform)
        for topic in self._told:
            if topic.is_wanted:
                topic.publish(answered)
        wanted = [topic for topic in self._drawn if topic.is_wanted]
        if wanted:
            self._begin_anew_for_new_viewers()
            self._draw_later(answered, wanted)

    def close(self) -> None:
        """Finish the picture that is being drawn and withdraw the topics."""
        self._drawing.shutdown(cancel_futures=True)
        self._made.close()

    def _draw_later(self, answered: _Answered, wanted: Sequence[_Topic]) -> None:
        """Leave an answer, in place of one that still waits, to the thread that draws; wake it where it rests."""
        with self._lock:
            self._undrawn = answered, wanted
            rested, self._is_drawing = not self._is_drawing, True
        if rested:
            self._drawing.submit(self._draw_newest)

    def _draw_newest(self) -> None:
        while (undrawn := self._take_undrawn()) is not None:
            answered, wanted = undrawn
            with reported_in(CallOutcome(), self._node.get_logger()):
                for topic in wanted:
                    topic.publish(answered)

    def _take_undrawn(self) -> tuple[_Answered, Sequence[_Topic]] | None:
        with self._lock:
            taken, self._undrawn = self._undrawn, None
            self._is_drawing = taken is not None
        return taken

    def _begin_anew_for_new_viewers(self) -> None:
        """Let markers begin with an empty picture when viewers came or went: one may have missed the beginning."""
        viewers = self._drawn[0].publisher.get_subscription_count()
        if viewers != self._viewers:
            self._painter, self._viewers = MarkerPainter(), viewers

    def _markers(self, answered: _Answered) -> MarkerArray:
        return self._painter.paint(answered.reply, answered.frame, answered.pose_transform)

    def _detection_topics(self) -> list[_Topic]:
        if not vision_msgs_installed():
            missing = "vision_msgs is not installed, so detections, detections_3d and label_info are not published"
            self._node.get_logger().info(missing, once=True)
            return []
        from vision_msgs.msg import Detection2DArray, Detection3DArray, LabelInfo

        return [
            self._topic(Detection2DArray, "detections", lambda it: detections_2d_message(it.message)),
            self._topic(Detection3DArray, "detections_3d", lambda it: detections_3d_message(it.message)),
            self._topic(LabelInfo, "label_info", lambda it: label_info_message(it.message), kept=True),
        ]

    def _topic(self, kind: type, name: str, make: Callable[[_Answered], Any], *, kept: bool = False) -> _Topic:
        """Advertise; who asks for another quality of service is told so on its own side.

        Events of publishers would be waited for, too, and every turn of rclpy's executor take twice as long.
        """
        profile: QoSProfile = qos.last_answer() if kept else qos.reliable()
        publisher = self._node.create_lifecycle_publisher(
            kind,
            self._prefix + name,
            profile,
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=qos.overridable(),
        )
        self._made.callback(self._node.destroy_lifecycle_publisher, publisher)
        return _Topic(publisher, make, kept)
