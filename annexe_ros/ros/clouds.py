"""The grounded pixels of an answer as a point cloud in the camera's optical frame, each in the colour of its object.

All pixels of a mask that have depth are in it, stray ones at the mask's edge included; the boxes leave those out.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField

from annexe_ros.core import Frame, Interpretation
from annexe_ros.core.depth import known_depth
from annexe_ros.core.palette import target_colours
from annexe_ros.ros.answers import header_of

POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4"), ("track_id", "<u4")])
"""One point: place [m], colour 0x00RRGGBB (declared as FLOAT32, which is what rviz expects), number of the track."""

_DATATYPES = {"rgb": PointField.FLOAT32, "track_id": PointField.UINT32}


def objects_cloud_message(reply: Interpretation, frame: Frame) -> PointCloud2:
    """Return the cloud, in the order of the pixels; empty where the frame has no depth or no intrinsics."""
    points = _grounded_points(reply, frame)
    data = array("B")
    data.frombytes(points.tobytes())
    return PointCloud2(
        header=header_of(frame),
        height=1,
        width=len(points),
        fields=_fields(),
        is_bigendian=False,
        point_step=POINT.itemsize,
        row_step=POINT.itemsize * len(points),
        data=data,
        is_dense=True,
    )


def _grounded_points(reply: Interpretation, frame: Frame) -> NDArray[np.void]:
    """Return the points (N,) of type ``POINT``."""
    if frame.depth is None or frame.camera is None:
        return np.zeros(0, POINT)
    v, u = np.nonzero((reply.label_image > 0) & known_depth(frame.depth))
    points = np.zeros(len(v), POINT)
    points["x"], points["y"], points["z"] = frame.camera.deproject(u, v, frame.depth[v, u]).T
    colours, tracks = _by_mask_value(reply)
    values = reply.label_image[v, u]
    points["rgb"], points["track_id"] = colours[values], tracks[values]
    return points


def _by_mask_value(reply: Interpretation) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return packed colour and track (256,) of each value of the label image."""
    colours, tracks = np.zeros((2, 256), np.uint32)
    for target, (red, green, blue) in zip(reply.objects, target_colours(reply.objects), strict=True):
        colours[target.mask_value] = red << 16 | green << 8 | blue
        tracks[target.mask_value] = target.track_id
    return colours, tracks


def _fields() -> list[PointField]:
    return [
        PointField(name=name, offset=place[1], datatype=_DATATYPES.get(name, PointField.FLOAT32), count=1)
        for name, place in (POINT.fields or {}).items()
    ]
