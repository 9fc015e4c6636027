"""``PinholeCamera`` to ``sensor_msgs/CameraInfo`` (REP-104); the way back is ``core.calibration``."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.calibration import MODELS


def camera_info_message(camera: PinholeCamera, header: Header) -> CameraInfo:
    """Return the message of an image that is neither binned nor cropped."""
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    p = [*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0]
    distortion = camera.distortion or (0.0,) * 5
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model=MODELS[len(distortion)],
        d=distortion,
        k=k,
        r=np.eye(3).ravel(),
        p=p,
    )
