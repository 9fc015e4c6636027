"""What a person sees in rviz of an answer: per located object its box, its name, and the outline of its mask.

Every array begins by deleting what the topic showed before, so that nothing of an older answer stays. Objects without a
3D place have no marker.
"""

from __future__ import annotations

import cv2
import numpy as np
from geometry_msgs.msg import Point, Pose, Vector3
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, PinholeCamera, Role
from annexe_ros.ros.answers import header_of
from annexe_ros.ros.poses import point_message, pose_message, size_message

TEXT_HEIGHT_M = 0.03
OUTLINE_WIDTH_M = 0.003
BOX_ALPHA = 0.35

ROLE_COLOURS: dict[Role, tuple[float, float, float]] = {
    Role.UNKNOWN: (0.6, 0.6, 0.6),
    Role.LEFT_HAND: (0.95, 0.55, 0.15),
    Role.RIGHT_HAND: (0.20, 0.55, 0.95),
    Role.OBJECT: (0.25, 0.80, 0.35),
}


def markers_message(reply: Interpretation, frame: Frame) -> MarkerArray:
    """Return the markers of an answer, in the frame's optical frame."""
    header = header_of(frame)
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for target in reply.objects:
        if target.box3d is not None and frame.camera is not None:
            box, mask = target.box3d, reply.mask(target)
            markers += [
                _box(target, box, header),
                _name(target, box, header),
                _outline(target, _outline_points(mask, frame.camera, float(box.center[2])), header),
            ]
    return MarkerArray(markers=markers)


def _box(target: GroundedObject, box: OrientedBox, header: Header) -> Marker:
    marker = _marker(target, "boxes", Marker.CUBE, header, alpha=BOX_ALPHA)
    marker.pose, marker.scale = pose_message(box), size_message(box)
    return marker


def _name(target: GroundedObject, box: OrientedBox, header: Header) -> Marker:
    """Return the name, just above the box as the camera sees it (y points down in an optical frame)."""
    marker = _marker(target, "names", Marker.TEXT_VIEW_FACING, header)
    half_height = float(np.abs(box.rotation[1]) @ box.size) / 2
    marker.pose = Pose(position=point_message(box.center - (0.0, half_height + TEXT_HEIGHT_M, 0.0)))
    marker.scale = Vector3(z=TEXT_HEIGHT_M)
    marker.text = f"{target.label} {target.score:.2f}"
    return marker


def _outline(target: GroundedObject, points: list[Point], header: Header) -> Marker:
    marker = _marker(target, "outlines", Marker.LINE_LIST, header)
    marker.scale = Vector3(x=OUTLINE_WIDTH_M)
    marker.points = points
    return marker


def _outline_points(mask: NDArray[np.bool_], camera: PinholeCamera, depth_m: float) -> list[Point]:
    """Return start and end of every segment of a mask's contours, seen at one depth.

    Depth along a mask's edge belongs to one side or the other; a flat outline doesn't flutter.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    points: list[Point] = []
    for contour in contours:
        u, v = contour[:, 0].astype(np.float64).T
        corners = [point_message(xyz) for xyz in camera.deproject(u, v, np.full_like(u, depth_m))]
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            points += [start, end]
    return points


def _marker(target: GroundedObject, namespace: str, kind: int, header: Header, alpha: float = 1.0) -> Marker:
    red, green, blue = ROLE_COLOURS[target.role]
    return Marker(
        header=header,
        ns=namespace,
        id=target.track_id or target.mask_value,
        type=kind,
        action=Marker.ADD,
        color=ColorRGBA(r=red, g=green, b=blue, a=alpha),
    )
