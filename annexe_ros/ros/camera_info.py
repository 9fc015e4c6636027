"""``sensor_msgs/CameraInfo`` to ``PinholeCamera`` and back: intrinsics of a rectified image (REP-104).

An image is taken as rectified when its distortion is zero or no model is named: then K describes it. A camera_info with
distortion belongs to a raw image, whose pixels are no rays of a pinhole; it is refused by name. Where ``image_rect`` is
published beside the raw camera_info, ``rectified=True`` says so: then P describes the image.
"""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import BadImageError


def camera_from_message(message: CameraInfo, *, rectified: bool = False) -> PinholeCamera | None:
    """Return the intrinsics, or None for a message that was never filled in (fx = 0 means uncalibrated).

    Args:
        message: intrinsics of the image; binning and region of interest must be those of the full image.
        rectified: the image was rectified although the message tells of distortion; P describes it.

    Raises ``BadImageError`` for a distorted, binned or cropped image.
    """
    matrix = message.p if rectified else message.k
    if matrix[0] == 0:
        return None
    if not rectified:
        _refuse_distortion(message)
    if message.binning_x > 1 or message.binning_y > 1 or message.roi.width or message.roi.height:
        raise BadImageError("camera_info tells of binning or a region of interest; full images are expected")
    row = 4 if rectified else 3
    fx, cx, fy, cy = matrix[0], matrix[2], matrix[row + 1], matrix[row + 2]
    return PinholeCamera(message.width, message.height, float(fx), float(fy), float(cx), float(cy))


def camera_info_message(camera: PinholeCamera, header: Header) -> CameraInfo:
    """Return the message of a rectified image."""
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    p = [*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0]
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=k,
        r=np.eye(3).ravel(),
        p=p,
    )


def _refuse_distortion(message: CameraInfo) -> None:
    if np.any(message.d):
        coefficients = ", ".join(f"{value:g}" for value in message.d)
        raise BadImageError(
            f"the image is distorted ({message.distortion_model or 'unnamed model'}: {coefficients}); "
            "rectify it first, e.g. with image_proc, or set the parameter 'rectified' if it already is"
        )
