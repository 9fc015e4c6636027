import numpy as np
import pytest

pytest.importorskip("visualization_msgs.msg", reason="ROS messages are not installed")

from visualization_msgs.msg import Marker

from annexe_ros.core import Frame, GroundedObject, Interpretation, OrientedBox, PinholeCamera, Role
from annexe_ros.core.palette import RIGHT_HAND_COLOUR
from annexe_ros.ros.markers import markers_message

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


def by_namespace(message):
    return {marker.ns: marker for marker in message.markers[1:]}


@pytest.mark.parametrize("objects", [(), (MUG,), (MUG, HAND)])
def test_every_array_first_deletes_what_was_shown(objects):
    message = markers_message(reply(*objects), FRAME)
    assert message.markers[0].action == Marker.DELETEALL
    assert len(message.markers) == 1 + 3 * len(objects)
    assert all(marker.header.frame_id == "camera" and marker.header.stamp.sec == 5 for marker in message.markers)


def test_the_box_has_pose_and_size_of_the_object():
    box = by_namespace(markers_message(reply(MUG), FRAME))["boxes"]
    assert (box.type, box.pose.position.z, box.scale.x, box.scale.y, box.scale.z) == (Marker.CUBE, 0.8, 0.1, 0.2, 0.3)
    assert 0 < box.color.a < 1


def test_the_name_stands_above_the_box():
    name = by_namespace(markers_message(reply(MUG), FRAME))["names"]
    assert (name.type, name.text) == (Marker.TEXT_VIEW_FACING, "mug 0.93")
    assert name.pose.position.y < -0.15  # half of the box's height, up in an optical frame


def test_the_outline_lies_on_the_masks_border():
    outline = by_namespace(markers_message(reply(MUG), FRAME))["outlines"]
    points = np.array([(point.x, point.y, point.z) for point in outline.points])
    pixels = CAMERA.project(points)
    assert (outline.type, len(points) % 2) == (Marker.LINE_LIST, 0)
    np.testing.assert_allclose(points[:, 2], 0.8)
    np.testing.assert_allclose([pixels.min(axis=0), pixels.max(axis=0)], [(20, 10), (39, 19)])
    np.testing.assert_allclose(points[1::2][:-1], points[2::2])  # each segment begins where the last one ended


def test_hands_have_their_colour_and_tracked_objects_their_number():
    markers = markers_message(reply(MUG, HAND), FRAME).markers
    assert [marker.id for marker in markers[1:]] == [1, 1, 1, 9, 9, 9]
    color = markers[4].color
    np.testing.assert_allclose([color.r * 255, color.g * 255, color.b * 255], RIGHT_HAND_COLOUR, rtol=1e-5)


def test_an_object_without_place_has_no_marker():
    flat = GroundedObject("mug", 1, 0.93, Role.OBJECT)
    assert len(markers_message(reply(flat), FRAME).markers) == 1
