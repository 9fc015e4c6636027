"""``sensor_msgs/CameraInfo`` to ``PinholeCamera`` and back (REP-104).

K and D describe a raw image, binned and cropped as the message says; without distortion it is rectified already. Where
``image_rect`` is published beside the raw camera_info, ``rectified=True`` says so: then P describes the image. Fisheye
models are refused by name: a pinhole sees no more than half of what they do.
"""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.distortion import COEFFICIENT_COUNTS
from annexe_ros.core.errors import BadImageError

MODELS = {5: "plumb_bob", 8: "rational_polynomial"}
"""Names of the distortion models that are known, by their number of coefficients; they are one and the same formula."""


def camera_from_message(message: CameraInfo, *, rectified: bool = False) -> PinholeCamera | None:
    """Return the intrinsics, or None for a message that was never filled in (fx = 0 means uncalibrated).

    Args:
        message: intrinsics of the full sensor, and which part of it the image shows.
        rectified: the image was rectified although the message tells of distortion; P describes it.

    Raises ``BadImageError`` for an unknown distortion model and for what P can't describe: a region of interest.
    """
    matrix = message.p if rectified else message.k
    if matrix[0] == 0:
        return None
    row = 4 if rectified else 3
    fx, cx, fy, cy = (float(matrix[index]) for index in (0, 2, row + 1, row + 2))
    distortion = () if rectified else _distortion(message)
    if rectified and _has_region(message):
        raise BadImageError("camera_info tells of a region of interest, which a rectified image doesn't show as it is")
    return _as_read_out(PinholeCamera(message.width, message.height, fx, fy, cx, cy, distortion), message)


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


def _distortion(message: CameraInfo) -> tuple[float, ...]:
    """Return 5 or 8 coefficients, or none for a rectified image; drivers write D longer or shorter than they should."""
    coefficients = np.trim_zeros(np.asarray(message.d, dtype=np.float64), "b")
    count = next((count for count in COEFFICIENT_COUNTS if len(coefficients) <= count), 0)
    if not coefficients.size:
        return ()
    if message.distortion_model not in MODELS.values() or not count:
        raise BadImageError(
            f"the image is distorted ({message.distortion_model or 'unnamed model'}: "
            f"{', '.join(f'{value:g}' for value in message.d)}), only {' and '.join(MODELS.values())} are undone here; "
            "rectify it first, e.g. with image_proc, or set the parameter 'rectified' if it already is"
        )
    return tuple(np.pad(coefficients, (0, count - len(coefficients))).tolist())


def _has_region(message: CameraInfo) -> bool:
    return bool(message.roi.width or message.roi.height)


def _as_read_out(camera: PinholeCamera, message: CameraInfo) -> PinholeCamera:
    """Return the intrinsics after cropping to the region of interest, then binning; 0 means neither."""
    if _has_region(message):
        roi = message.roi
        camera = camera.cropped(roi.x_offset, roi.y_offset, roi.width, roi.height)
    columns, rows = max(1, message.binning_x), max(1, message.binning_y)
    if columns == rows == 1:
        return camera
    width, height = camera.width // columns, camera.height // rows
    if not width or not height:
        raise BadImageError(f"camera_info tells of {columns}x{rows} binning of {camera.width}x{camera.height} pixels")
    return camera.cropped(0, 0, width * columns, height * rows).resized(width, height)
