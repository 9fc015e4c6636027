"""Sends rgb8 images of one size at a steady pace, stamped with the time of sending: a camera without a scene.

With `--depth` it is an RGB-D camera: each image has a depth image (1 m everywhere) and intrinsics. It sends for a
number of seconds, or until it is ended; how many images it sent is written to `--out`.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.ros import qos
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message

SETTLING_S = 0.5
"""The receiver has found us when we have found it, or a little later [s]."""

DISCOVERY_S = 20.0
DELIVERY_S = 5.0
RELIABILITIES = {"best_effort": qos.sensor, "reliable": qos.reliable}


class SyntheticCamera(Node):
    """Publishes the same picture again and again, at 1280x720 with 2.8 MB, with depth 4.6 MB."""

    def __init__(self, width: int, height: int, reliability: str, *, with_depth: bool) -> None:
        """Advertise ``image`` and, where wanted, ``depth`` and ``camera_info``."""
        super().__init__("synthetic_camera")
        profile = RELIABILITIES[reliability]
        header = Header(frame_id="head_camera")
        pinhole = PinholeCamera(width, height, width * 0.8, width * 0.8, width / 2 - 0.5, height / 2 - 0.5)
        colour = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        self._image = self.create_publisher(Image, "image", profile())
        self._sends: list[tuple[Publisher, Image | CameraInfo]] = []
        if with_depth:
            depth = depth_message(np.ones((height, width), np.float32), header)
            self._sends.append((self.create_publisher(Image, "depth", profile()), depth))
            info = camera_info_message(pinhole, header)
            self._sends.append((self.create_publisher(CameraInfo, "camera_info", profile()), info))
        self._sends.append((self._image, image_message(colour, "rgb8", header)))

    def wait_for_receiver(self) -> None:
        """Wait until somebody listens to the images, or for long enough."""
        deadline = time.monotonic() + DISCOVERY_S
        while not self._image.get_subscription_count() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(SETTLING_S)

    def send(self) -> None:
        """Send the messages of one moment."""
        stamp = self.get_clock().now().to_msg()
        for publisher, message in self._sends:
            message.header.stamp = stamp
            publisher.publish(message)

    def wait_for_delivery(self) -> None:
        """Wait until a reliable receiver has everything, or for long enough."""
        self._image.wait_for_all_acked(Duration(seconds=DELIVERY_S))


def main() -> int:
    """Send as the command line says."""
    options = _parser().parse_args()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)  # ROS's own would end the context while we publish
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sent = 0
    with suppress(KeyboardInterrupt):
        camera = SyntheticCamera(options.width, options.height, options.reliability, with_depth=options.depth)
        if options.seconds:
            camera.wait_for_receiver()
        sent = _send(camera, options.rate, options.seconds)
        if options.seconds:
            camera.wait_for_delivery()
    if options.out:
        options.out.write_text(json.dumps({"sent": sent}), encoding="utf-8")
    rclpy.try_shutdown()
    return 0


def _send(camera: SyntheticCamera, rate: float, seconds: float) -> int:
    """Keep the pace without ever hurrying after a delay; return how many images were sent."""
    sent, due = 0, time.monotonic()
    while not (seconds and sent >= seconds * rate):
        camera.send()
        sent += 1
        due = max(due + 1 / rate, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    return sent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Send images without a scene at a steady pace.")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--rate", type=float, default=30.0, help="images per second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long, from the first receiver on; 0: no end")
    parser.add_argument("--reliability", choices=RELIABILITIES, default="best_effort")
    parser.add_argument("--depth", action="store_true", help="send depth and camera_info too")
    parser.add_argument("--out", type=Path, help="JSON file that gets the number of images sent")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
