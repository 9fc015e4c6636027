import numpy as np
import pytest

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from sensor_msgs.msg import PointField

from annexe_ros.core import Frame, GroundedObject, Interpretation, PinholeCamera, Role
from annexe_ros.core.palette import OBJECT_COLOURS, RIGHT_HAND_COLOUR
from annexe_ros.ros.clouds import objects_cloud_message

pytestmark = pytest.mark.ros

CAMERA = PinholeCamera(8, 6, 10.0, 10.0, 3.5, 2.5)
LABELS = np.zeros((6, 8), np.uint8)
LABELS[1:3, 2:5] = 1
LABELS[4, 6] = 2
DEPTH = np.full((6, 8), 0.5, np.float32)
DEPTH[1, 2], DEPTH[1, 3], DEPTH[4, 6] = np.nan, 0.0, 2.0
OBJECTS = (
    GroundedObject("mug", 1, 1.0, Role.OBJECT, track_id=2),
    GroundedObject("right hand", 2, 1.0, Role.RIGHT_HAND, track_id=70_000),
)
REPLY = Interpretation("", "mug and right hand", True, 1.0, OBJECTS, LABELS, "test", "test")


def frame(depth=DEPTH, camera=CAMERA):
    return Frame(np.zeros((6, 8, 3), np.uint8), depth, camera, 3_000_000_000, "camera")


def points_of(message):
    """Read a cloud by what its fields declare, as a subscriber does."""
    formats = {PointField.FLOAT32: "<f4", PointField.UINT32: "<u4"}
    layout = {
        "names": [field.name for field in message.fields],
        "formats": [formats[field.datatype] for field in message.fields],
        "offsets": [field.offset for field in message.fields],
        "itemsize": message.point_step,
    }
    return np.frombuffer(message.data, np.dtype(layout), count=message.width * message.height)


def test_every_grounded_pixel_with_depth_is_a_point_where_the_camera_saw_it():
    points = points_of(objects_cloud_message(REPLY, frame()))
    assert len(points) == 4 + 1
    xyz = np.stack([points["x"], points["y"], points["z"]], axis=-1)
    pixels = CAMERA.project(xyz.astype(np.float64))
    np.testing.assert_allclose(pixels, [(4, 1), (2, 2), (3, 2), (4, 2), (6, 4)], atol=1e-4)
    np.testing.assert_allclose(points["z"], [0.5] * 4 + [2.0])


def test_points_have_number_and_colour_of_their_track():
    points = points_of(objects_cloud_message(REPLY, frame()))
    assert points["track_id"].tolist() == [2] * 4 + [70_000]
    packed = points["rgb"].copy().view(np.uint32)
    colours = [tuple(int(value) >> shift & 255 for shift in (16, 8, 0)) for value in packed]
    assert colours == [OBJECT_COLOURS[1]] * 4 + [RIGHT_HAND_COLOUR]


def test_rviz_is_told_what_it_expects():
    message = objects_cloud_message(REPLY, frame())
    declared = {field.name: (field.datatype, field.count) for field in message.fields}
    assert declared["rgb"] == (PointField.FLOAT32, 1)
    assert list(declared) == ["x", "y", "z", "rgb", "track_id"]
    assert (message.header.frame_id, message.header.stamp.sec, message.is_dense) == ("camera", 3, True)
    assert len(message.data) == message.row_step * message.height == message.point_step * message.width


@pytest.mark.parametrize("unseen", [frame(depth=None), frame(camera=None)])
def test_without_depth_or_intrinsics_the_cloud_is_empty(unseen):
    message = objects_cloud_message(REPLY, unseen)
    assert (message.width, len(message.data), len(message.fields)) == (0, 0, 5)
