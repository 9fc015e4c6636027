"""What a person sees in rviz of an answer: per located object its box, its name, and the outline of its mask.

Where the gaze and the depth there are known, a line of sight ends in a ball at what the wearer looks at.

Markers are told by namespace and number. A tracked object keeps its number, so that rviz moves its markers instead of
drawing others, and each array deletes exactly what the one before showed and this one doesn't. Objects without a 3D
place have no marker.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, PinholeCamera
from annexe_ros.core.gaze import point_looked_at
from annexe_ros.core.palette import GAZE_COLOUR, Colour, target_colours
from annexe_ros.core.transforms import PoseTransform, RigidTransform
from annexe_ros.ros.poses import point_message, pose_message, size_message
from annexe_ros.ros.stamps import stamp_message

TEXT_HEIGHT_M = 0.03
OUTLINE_WIDTH_M = 0.003
BOX_ALPHA = 0.35
GAZE_SIZE_M = 0.015


class MarkerPainter:
    """Draws the answers about one camera for those who look at its topic."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, int]] | None = None

    def paint(self, reply: Interpretation, frame: Frame, pose_transform: PoseTransform | None = None) -> MarkerArray:
        """Return what changes the picture into that of this answer, in the frame of its poses at the image's stamp.

        The first array begins by deleting everything: an earlier run of the node may have left markers.
        """
        poses = pose_transform or PoseTransform.staying_in(frame.frame_id)
        header = Header(stamp=stamp_message(frame.stamp_ns), frame_id=poses.frame)
        markers = _markers(reply, frame, header, poses.transform)
        shown = {(marker.ns, marker.id) for marker in markers}
        if self._shown is None:
            gone = [Marker(header=header, action=Marker.DELETEALL)]
        else:
            stale = sorted(self._shown - shown)
            gone = [Marker(header=header, ns=ns, id=number, action=Marker.DELETE) for ns, number in stale]
        self._shown = shown
        return MarkerArray(markers=[*gone, *markers])


def _markers(reply: Interpretation, frame: Frame, header: Header, transform: RigidTransform) -> list[Marker]:
    markers: list[Marker] = []
    for target, colour in zip(reply.objects, target_colours(reply.objects), strict=True):
        if target.box3d is not None and frame.camera is not None:
            outline = _outline_points(reply.mask(target), frame.camera, float(target.box3d.center[2]))
            draw = _Pen(header, transform, _number(target), colour)
            markers += [
                draw.box(target.box3d),
                draw.name(f"{target.label} {target.score:.2f}", target.box3d),
                draw.outline(outline),
            ]
    seen = None if reply.gaze is None else point_looked_at(frame, reply.gaze)
    return markers if seen is None else [*markers, *_Pen(header, transform, 0, GAZE_COLOUR).gaze(seen)]


def _number(target: GroundedObject) -> int:
    """Return the track's number; what isn't tracked is below zero, out of the tracks' way."""
    return target.track_id or -target.mask_value


@dataclass(frozen=True)
class _Pen:
    """Draws the markers of one target, given in the camera's optical frame, in the header's frame."""

    header: Header
    transform: RigidTransform
    number: int
    colour: Colour

    def box(self, box: OrientedBox) -> Marker:
        marker = self._marker("boxes", Marker.CUBE, alpha=BOX_ALPHA)
        marker.pose, marker.scale = pose_message(self.transform.box(box)), size_message(box)
        return marker

    def name(self, text: str, box: OrientedBox) -> Marker:
        """Return the name, just above the box as the camera sees it (y points down in an optical frame)."""
        half_height = float(np.abs(box.rotation[1]) @ box.size) / 2
        above = box.center - (0.0, half_height + TEXT_HEIGHT_M, 0.0)
        marker = self._marker("names", Marker.TEXT_VIEW_FACING)
        marker.pose.position = point_message(self.transform.points(above))
        marker.scale.z = TEXT_HEIGHT_M
        marker.text = text
        return marker

    def outline(self, points: NDArray[np.float64]) -> Marker:
        """Return lines between every two of the points (2 N, 3)."""
        marker = self._marker("outlines", Marker.LINE_LIST)
        marker.scale.x = OUTLINE_WIDTH_M
        marker.points = [Point(x=x, y=y, z=z) for x, y, z in self.transform.points(points).tolist()]
        return marker

    def gaze(self, seen: NDArray[np.float64]) -> list[Marker]:
        """Return a ball at the point (3,) that is looked at, and the line of sight from the camera to it."""
        ball, line = self._marker("gaze", Marker.SPHERE), self._marker("line of sight", Marker.LINE_LIST)
        ball.pose.position = point_message(self.transform.points(seen))
        ball.scale.x = ball.scale.y = ball.scale.z = GAZE_SIZE_M
        line.scale.x = OUTLINE_WIDTH_M
        line.points = [point_message(end) for end in self.transform.points(np.stack([np.zeros(3), seen]))]
        return [ball, line]

    def _marker(self, namespace: str, kind: int, alpha: float = 1.0) -> Marker:
        red, green, blue = (value / 255 for value in self.colour)
        color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
        return Marker(header=self.header, ns=namespace, id=self.number, type=kind, action=Marker.ADD, color=color)


def _outline_points(mask: NDArray[np.bool_], camera: PinholeCamera, depth_m: float) -> NDArray[np.float64]:
    """Return start and end (2 N, 3) of every segment of a mask's contours, seen at one depth.

    Depth along a mask's edge belongs to one side or the other; a flat outline doesn't flutter.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    segments = [np.stack([corners, np.roll(corners, -1, axis=0)], axis=1) for corners in (c[:, 0] for c in contours)]
    pixels = np.concatenate([np.zeros((0, 2, 2)), *segments]).reshape(-1, 2)
    return camera.deproject(pixels[:, 0], pixels[:, 1], np.full(len(pixels), depth_m))
