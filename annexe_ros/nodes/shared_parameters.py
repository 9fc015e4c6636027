"""Parameters that several nodes declare alike; each call makes a field for one node's dataclass."""

from __future__ import annotations

from typing import Any

from annexe_ros.nodes.sensor_topics import IMAGE_TRANSPORTS, RAW
from annexe_ros.ros.parameters import parameter


def autostart() -> Any:
    """Return the field of whether a lifecycle node starts by itself."""
    return parameter(True, "Configure and activate when the node starts.", read_only=True)


def diagnostics_period() -> Any:
    """Return the field of the time between two messages on /diagnostics [s]."""
    return parameter(
        1.0, "Time between two messages on /diagnostics [s]. Used when configuring.", minimum=0.1, maximum=60.0
    )


def image_transport() -> Any:
    """Return the field of how colour images come."""
    return parameter(
        RAW, "How colour comes: raw from image, compressed (JPEG, PNG) from image/compressed. Used when activating.",
        choices=IMAGE_TRANSPORTS,
    )  # fmt: skip


def encoder_device() -> Any:
    """Return the field of where a clip encoder runs."""
    return parameter("auto", "Where the encoder runs: auto, cpu, cuda or cuda:N. Used when configuring.")


def max_gap(default: float) -> Any:
    """Return the field of the longest time between two images of a window [s]."""
    return parameter(
        default, "A window with a longer time between two images is dropped [s]. Used when activating.",
        minimum=0.01, maximum=10.0,
    )  # fmt: skip
