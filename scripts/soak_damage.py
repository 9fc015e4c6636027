"""Messages and requests that no working camera and no careful caller would send."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
from geometry_msgs.msg import Point
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from annexe_ros.ros.images import image_message
from annexe_ros.ros.stamps import stamp_message


def image(**fields: Any) -> Image:
    """Return a 6x4 rgb8 image in which some fields were replaced."""
    message = image_message(np.zeros((4, 6, 3), np.uint8), "rgb8", Header())
    for name, value in fields.items():
        setattr(message, name, value)
    return message


DAMAGED_IMAGES = (
    Image(),
    image(data=b""),
    image(data=b"\0" * 71),
    image(step=3),
    image(step=2**32 - 1),
    image(width=0),
    image(width=2**32 - 1, height=2**32 - 1, step=2**32 - 1),
    image(encoding=""),
    image(encoding="spam8"),
    image(encoding="bayer_rggb8"),
    image(encoding="32FC1"),
    image(header=Header(stamp=stamp_message(-1))),
    image(header=Header(stamp=stamp_message(2**31 * 10**9 - 1))),
)

DAMAGED_INFOS = (
    CameraInfo(k=[nan] * 9),
    CameraInfo(width=6, height=4, k=[inf, 0.0, 0.0, 0.0, inf, 0.0, 0.0, 0.0, 1.0]),
    CameraInfo(width=6, height=4, k=[-1.0] * 9, d=[1e308] * 5, distortion_model="plumb_bob"),
    CameraInfo(width=6, height=4, k=[5.0] * 9, d=[0.1] * 99, distortion_model="fish\0eye"),
)

DAMAGED_MESSAGES = (
    *(("image", message) for message in DAMAGED_IMAGES),
    *(("depth", message) for message in DAMAGED_IMAGES),
    *(("camera_info", message) for message in DAMAGED_INFOS),
)
"""Topic and message."""

NOISE = (b"", b"\0", b"\0\1\0\0", b"\0\1\0\0" + b"\xff" * 40, bytes(range(256)))
"""What is sent in place of a serialised message: too short, or with lengths that nothing has."""

DAMAGED_REQUESTS: tuple[dict[str, Any], ...] = (
    {"query": ""},
    {"query": "x" * 100_000},
    {"camera": "\0"},
    {"max_frame_age": nan},
    {"max_frame_age": -inf},
    {"has_gaze": True, "gaze": Point(x=nan, y=inf)},
    {"depth": image()},
    *({"image": message} for message in DAMAGED_IMAGES[1:11]),
    *({"image": image(), "depth": message} for message in DAMAGED_IMAGES[1:11]),
    *({"image": image(), "camera_info": message} for message in DAMAGED_INFOS),
)
"""Fields of requests, each of which must be refused."""
