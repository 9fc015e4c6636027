"""What a person sees in rviz of an answer: per located object its box, its name, and the outline of its mask.

Every array begins by deleting what the topic showed before, so that nothing of an older answer stays. Objects without a
3D place have no marker.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core import Frame, Interpretation, OrientedBox, PinholeCamera
from annexe_ros.core.palette import Colour, target_colours
from annexe_ros.ros.answers import header_of
from annexe_ros.ros.poses import point_message, pose_message, size_message

TEXT_HEIGHT_M = 0.03
OUTLINE_WIDTH_M = 0.003
BOX_ALPHA = 0.35


def markers_message(reply: Interpretation, frame: Frame) -> MarkerArray:
    """Return the markers of an answer, in the frame's optical frame."""
    header = header_of(frame)
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for target, colour in zip(reply.objects, target_colours(reply.objects), strict=True):
        if target.box3d is not None and frame.camera is not None:
            outline = _outline_points(reply.mask(target), frame.camera, float(target.box3d.center[2]))
            draw = _Pen(header, target.track_id or target.mask_value, colour)
            markers += [
                draw.box(target.box3d),
                draw.name(f"{target.label} {target.score:.2f}", target.box3d),
                draw.outline(outline),
            ]
    return MarkerArray(markers=markers)


@dataclass(frozen=True)
class _Pen:
    """Draws the markers of one target."""

    header: Header
    number: int
    colour: Colour

    def box(self, box: OrientedBox) -> Marker:
        marker = self._marker("boxes", Marker.CUBE, alpha=BOX_ALPHA)
        marker.pose, marker.scale = pose_message(box), size_message(box)
        return marker

    def name(self, text: str, box: OrientedBox) -> Marker:
        """Return the name, just above the box as the camera sees it (y points down in an optical frame)."""
        half_height = float(np.abs(box.rotation[1]) @ box.size) / 2
        marker = self._marker("names", Marker.TEXT_VIEW_FACING)
        marker.pose.position = point_message(box.center - (0.0, half_height + TEXT_HEIGHT_M, 0.0))
        marker.scale.z = TEXT_HEIGHT_M
        marker.text = text
        return marker

    def outline(self, points: list[Point]) -> Marker:
        marker = self._marker("outlines", Marker.LINE_LIST)
        marker.scale.x = OUTLINE_WIDTH_M
        marker.points = points
        return marker

    def _marker(self, namespace: str, kind: int, alpha: float = 1.0) -> Marker:
        red, green, blue = (value / 255 for value in self.colour)
        color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
        return Marker(header=self.header, ns=namespace, id=self.number, type=kind, action=Marker.ADD, color=color)


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
