from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("visualization_msgs.msg", reason="ROS messages are not installed")

from visualization_msgs.msg import Marker

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, PinholeCamera, Role
from annexe_ros.core.palette import RIGHT_HAND_COLOUR
from annexe_ros.core.transforms import PoseTransform, RigidTransform
from annexe_ros.ros.markers import MarkerPainter

pytestmark = pytest.mark.ros

CAMERA = PinholeCamera(60, 40, 50.0, 50.0, 29.5, 19.5)
FRAME = Frame(np.zeros((40, 60, 3), np.uint8), None, CAMERA, 5_000_000_000, "camera")
TILT = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # the box's z axis points up in the image
BOX = OrientedBox(np.array([0.0, 0.0, 0.8]), TILT, np.array([0.1, 0.2, 0.3]), np.zeros((6, 6)))


def reply(*objects):
    labels = np.zeros((40, 60), np.uint8)
    labels[10:20, 20:40] = 1
    return Interpretation("", "mug", bool(objects), 1.0, objects, labels, "scripted", "default")


MUG = GroundedObject("mug", 1, 0.93, Role.OBJECT, box3d=BOX)
HAND = GroundedObject("right hand", 2, 1.0, Role.RIGHT_HAND, box3d=BOX, track_id=9)


def painted(*objects, **options):
    return MarkerPainter().paint(reply(*objects), FRAME, **options).markers


def by_namespace(markers):
    return {marker.ns: marker for marker in markers if marker.action == Marker.ADD}


def told(markers, action):
    return [(marker.ns, marker.id) for marker in markers if marker.action == action]


@pytest.mark.parametrize("objects", [(), (MUG,), (MUG, HAND)])
def test_the_first_array_deletes_what_an_earlier_node_left(objects):
    markers = painted(*objects)
    assert markers[0].action == Marker.DELETEALL
    assert [marker.action for marker in markers[1:]] == [Marker.ADD] * 3 * len(objects)
    assert all(marker.header.frame_id == "camera" and marker.header.stamp.sec == 5 for marker in markers)


def test_later_arrays_delete_exactly_what_is_gone():
    painter, other = MarkerPainter(), replace(MUG, mask_value=2, track_id=4)
    painter.paint(reply(HAND, other), FRAME)
    markers = painter.paint(reply(HAND), FRAME).markers
    assert told(markers, Marker.DELETE) == [("boxes", 4), ("names", 4), ("outlines", 4)]
    assert told(markers, Marker.ADD) == [("boxes", 9), ("names", 9), ("outlines", 9)]
    assert told(markers, Marker.DELETEALL) == []
    assert told(painter.paint(reply(), FRAME).markers, Marker.DELETE) == told(markers, Marker.ADD)
    assert painter.paint(reply(), FRAME).markers == []


def test_what_another_class_names_keeps_its_markers():
    """The number alone tells the marker: a track that gets a better name is the same picture."""
    painter = MarkerPainter()
    painter.paint(reply(replace(MUG, track_id=4)), FRAME)
    assert told(painter.paint(reply(replace(MUG, track_id=4, label="bowl")), FRAME).markers, Marker.DELETE) == []


def test_markers_live_in_the_frame_of_the_poses():
    """The camera looks forward from a metre up: 0.8 m ahead of it is 0.8 m along the body's x."""
    looking = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([0.0, 0, 1]))
    markers = painted(MUG, pose_transform=PoseTransform("torso", looking))
    drawn = by_namespace(markers)
    assert {marker.header.frame_id for marker in markers} == {"torso"}
    place, name, corner = drawn["boxes"].pose.position, drawn["names"].pose.position, drawn["outlines"].points[0]
    np.testing.assert_allclose([place.x, place.y, place.z], [0.8, 0, 1])
    assert (name.x, name.y) == (0.8, 0)
    assert name.z > 1.15
    assert corner.x == pytest.approx(0.8)


def test_the_box_has_pose_and_size_of_the_object():
    box = by_namespace(painted(MUG))["boxes"]
    assert (box.type, box.pose.position.z, box.scale.x, box.scale.y, box.scale.z) == (Marker.CUBE, 0.8, 0.1, 0.2, 0.3)
    assert 0 < box.color.a < 1


def test_the_name_stands_above_the_box():
    name = by_namespace(painted(MUG))["names"]
    assert (name.type, name.text) == (Marker.TEXT_VIEW_FACING, "mug 0.93")
    assert name.pose.position.y < -0.15  # half of the box's height, up in an optical frame


def test_the_outline_lies_on_the_masks_border():
    outline = by_namespace(painted(MUG))["outlines"]
    points = np.array([(point.x, point.y, point.z) for point in outline.points])
    pixels = CAMERA.project(points)
    assert (outline.type, len(points) % 2) == (Marker.LINE_LIST, 0)
    np.testing.assert_allclose(points[:, 2], 0.8)
    np.testing.assert_allclose([pixels.min(axis=0), pixels.max(axis=0)], [(20, 10), (39, 19)])
    np.testing.assert_allclose(points[1::2][:-1], points[2::2])  # each segment begins where the last one ended


def test_hands_have_their_colour_and_untracked_objects_stay_out_of_the_tracks_way():
    markers = painted(MUG, HAND)
    assert [marker.id for marker in markers[1:]] == [-1, -1, -1, 9, 9, 9]
    color = markers[4].color
    np.testing.assert_allclose([color.r * 255, color.g * 255, color.b * 255], RIGHT_HAND_COLOUR, rtol=1e-5)


def test_an_object_without_place_has_no_marker():
    flat = GroundedObject("mug", 1, 0.93, Role.OBJECT)
    assert len(painted(flat)) == 1


def test_an_object_without_pixels_has_no_outline():
    """The hand's mask is empty: what there is to say of it is its box."""
    assert by_namespace(painted(HAND))["outlines"].points == []


LOOKING = replace(reply(), gaze=(29.5, 19.5))


def test_a_line_of_sight_ends_in_a_ball_at_what_is_looked_at():
    depth = np.full((40, 60), np.nan, np.float32)
    depth[18:22, 28:32] = 0.5
    markers = by_namespace(MarkerPainter().paint(LOOKING, replace(FRAME, depth=depth)).markers)
    ball, line = markers["gaze"], markers["line of sight"]
    assert (ball.pose.position.x, ball.pose.position.y, ball.pose.position.z) == pytest.approx((0, 0, 0.5))
    assert [end.z for end in line.points] == pytest.approx([0, 0.5])


def test_without_depth_there_the_gaze_has_no_marker():
    unknown = np.zeros((40, 60), np.float32)
    for frame in (FRAME, replace(FRAME, depth=unknown), replace(FRAME, depth=unknown + 1, camera=None)):
        assert by_namespace(MarkerPainter().paint(LOOKING, frame).markers) == {}


def test_the_gaze_goes_when_it_is_unknown():
    painter = MarkerPainter()
    painter.paint(LOOKING, replace(FRAME, depth=np.ones((40, 60), np.float32)))
    assert told(painter.paint(reply(), FRAME).markers, Marker.DELETE) == [("gaze", 0), ("line of sight", 0)]
