"""The node ``camera_replay``: plays a recording or a folder of scenes as if a head camera were there.

Publishes ``image`` (rgb8), ``depth`` (16UC1 [mm]) and ``camera_info`` with the recording's pace; where an image has no
depth or no intrinsics, it has no such message. Frames are read from disk as they are due.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from annexe_ros.core import Frame
from annexe_ros.data.recording import Recording
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros import qos
from annexe_ros.ros.answers import header_of
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.ros.parameters import NodeParameters, parameter

RELIABLE, BEST_EFFORT = "reliable", "best_effort"


@dataclass(frozen=True)
class ReplayParameters:
    """Parameters of the node ``camera_replay``."""

    recording: str = parameter("", "Folder of a recording or of scenes.", read_only=True)
    rate: float = parameter(1.0, "Pace, 1 as recorded.", minimum=0.01, maximum=100.0)
    loop: bool = parameter(True, "Begin anew at the end; otherwise the node ends.")
    restamp: bool = parameter(True, "Stamp messages with the time of sending, instead of that of recording.")
    frame_id: str = parameter("", "Optical frame to name in the messages; empty: the recording's.")
    reliability: str = parameter(
        RELIABLE, "Quality of service of the images.", choices=(RELIABLE, BEST_EFFORT), read_only=True
    )


class CameraReplay(Node):
    """Publishes a recording frame by frame."""

    def __init__(self, **options: Any) -> None:
        """Open the recording and begin; raises ``ParameterError`` or ``DatasetFormatError``."""
        super().__init__("camera_replay", automatically_declare_parameters_from_overrides=True, **options)
        self._settings = NodeParameters(self, ReplayParameters)
        self._settings.check()
        values = self._settings.read()
        self._recording = Recording.open(values.recording)
        profile = qos.reliable() if values.reliability == RELIABLE else qos.sensor()
        self._image = self.create_publisher(Image, "image", profile)
        self._depth = self.create_publisher(Image, "depth", profile)
        self._info = self.create_publisher(CameraInfo, "camera_info", profile)
        self._next = self._loops = 0
        self._due_ns = time.monotonic_ns()
        self._timer = self.create_timer(0.0, self._play)
        self.get_logger().info(f"playing {len(self._recording.frames)} frames of '{values.recording}'")

    def _play(self) -> None:
        """Publish the frame that is due and wait for the next, which is never sent in a hurry."""
        frames, values = self._recording.frames, self._settings.read()
        self._publish(self._recording.read(frames[self._next]), values)
        self._next += 1
        if self._next == len(frames):
            if not values.loop:
                self.context.try_shutdown()
                return
            self._next, self._loops = 0, self._loops + 1
        now_ns = time.monotonic_ns()
        self._due_ns = max(self._due_ns + round(self._recording.gap_ns(self._next) / values.rate), now_ns + 1)
        self._timer.timer_period_ns = self._due_ns - now_ns
        self._timer.reset()

    def _publish(self, frame: Frame, values: ReplayParameters) -> None:
        recorded_ns = frame.stamp_ns + self._loops * self._recording.duration_ns
        stamp_ns = self.get_clock().now().nanoseconds if values.restamp else recorded_ns
        frame = replace(frame, stamp_ns=stamp_ns, frame_id=values.frame_id or frame.frame_id)
        header = header_of(frame)
        if frame.camera is not None:
            self._info.publish(camera_info_message(frame.camera, header))
        if frame.depth is not None:
            self._depth.publish(depth_message(frame.depth, header))
        self._image.publish(image_message(frame.image, "rgb8", header))


def main() -> int:
    """Run the node until the recording ends or it is interrupted."""
    return spin_until_shutdown(CameraReplay)
