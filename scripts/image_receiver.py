"""Takes images from the topic `image` until it is ended, and writes how late each of them was [ms] as a JSON list.

Late is the time from its stamp to the callback, by the system clock that sender and receiver share.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

from rclpy.node import Node
from sensor_msgs.msg import Image

from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros import qos
from annexe_ros.ros.stamps import nanoseconds

RELIABILITIES = {"best_effort": qos.sensor, "reliable": qos.reliable}


class ImageReceiver(Node):
    """Notes the latency of each image."""

    def __init__(self, reliability: str, latencies_ms: list[float]) -> None:
        """Subscribe; latencies are added to the list."""
        super().__init__("image_receiver")
        self._latencies_ms = latencies_ms
        self.create_subscription(Image, "image", self._on_image, RELIABILITIES[reliability]())

    def _on_image(self, message: Image) -> None:
        self._latencies_ms.append((time.time_ns() - nanoseconds(message.header.stamp)) / 1e6)


def main() -> int:
    """Receive until ended."""
    parser = argparse.ArgumentParser(description="Note how late images arrive.")
    parser.add_argument("--reliability", choices=RELIABILITIES, default="best_effort")
    parser.add_argument("--out", type=Path, required=True, help="JSON file that gets the latencies [ms]")
    options = parser.parse_args()
    latencies_ms: list[float] = []
    code = spin_until_shutdown(partial(ImageReceiver, options.reliability, latencies_ms))
    options.out.write_text(json.dumps(latencies_ms), encoding="utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
