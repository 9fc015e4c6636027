"""The picture of an answer as messages: raw, and as a JPEG of a tenth of the size. Nothing is drawn here."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from annexe_ros.core import Frame
from annexe_ros.ros.answers import header_of
from annexe_ros.ros.images import image_message

JPEG_QUALITY = 85
JPEG_FORMAT = "rgb8; jpeg compressed bgr8"
"""Encoding of the image; codec and encoding of what was compressed, as image_transport writes it."""


def overlay_message(picture: NDArray[np.uint8], frame: Frame) -> Image:
    """Return a picture (H, W, 3) RGB made from ``frame``."""
    return image_message(picture, "rgb8", header_of(frame))


def compressed_overlay_message(picture: NDArray[np.uint8], frame: Frame) -> CompressedImage:
    """Return a picture (H, W, 3) RGB made from ``frame`` as JPEG."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return CompressedImage(header=header_of(frame), format=JPEG_FORMAT, data=array("B", encoded.tobytes()))
