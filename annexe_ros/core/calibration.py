"""A camera_info's fields to ``PinholeCamera`` (REP-104), whoever has read the message: ROS, or a reader of its files.

K and D describe a raw image, binned and cropped as the message says; without distortion it is rectified already. Where
``image_rect`` is published beside the raw camera_info, ``rectified=True`` says so: then P describes the image. Fisheye
models are refused by name: a pinhole sees no more than half of what they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.distortion import COEFFICIENT_COUNTS
from annexe_ros.core.errors import BadImageError

MODELS = {5: "plumb_bob", 8: "rational_polynomial"}
"""Names of the distortion models that are known, by their number of coefficients; they are one and the same formula."""


class Region(Protocol):
    """The fields of ``sensor_msgs/RegionOfInterest`` [pixels]."""

    x_offset: int
    y_offset: int
    width: int
    height: int


class Calibration(Protocol):
    """The fields of ``sensor_msgs/CameraInfo`` that describe the image."""

    width: int
    height: int
    distortion_model: str
    d: Sequence[float]
    k: Sequence[float]
    p: Sequence[float]
    binning_x: int
    binning_y: int
    roi: Region


def camera_from_message(message: Calibration, *, rectified: bool = False) -> PinholeCamera | None:
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


def _distortion(message: Calibration) -> tuple[float, ...]:
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


def _has_region(message: Calibration) -> bool:
    """Tell whether the image shows a part of the sensor; drivers tell of the whole by its size or by zeros."""
    roi = message.roi
    whole = (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 0, message.width, message.height)
    return bool(roi.width or roi.height) and not whole


def _as_read_out(camera: PinholeCamera, message: Calibration) -> PinholeCamera:
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
