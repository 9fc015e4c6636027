"""Places in a frame that tf knows, and objects that keep their numbers, through the whole node."""

import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from test_perception import perception
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.ros import qos
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros


class Buffer:
    """Knows the head camera at any time: it looks along the torso's x from a metre up."""

    asked_ns: list[int]

    def __init__(self, cache_time):
        pass

    def clear(self):
        pass

    def lookup_transform(self, target_frame, source_frame, time):
        if (target_frame, source_frame) != ("torso", "head_camera"):
            raise LookupError(f"'{target_frame}' does not exist.")
        self.asked_ns.append(time.nanoseconds)
        looking = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)
        return TransformStamped(transform=Transform(translation=Vector3(x=0.0, y=0.0, z=1.0), rotation=looking))


@pytest.fixture
def tf2(monkeypatch):
    Buffer.asked_ns = []
    listener = SimpleNamespace(unregister=lambda: None)
    stand_in = SimpleNamespace(
        Buffer=Buffer, TransformListener=lambda buffer, node: listener, TransformException=LookupError
    )
    monkeypatch.setitem(sys.modules, "tf2_ros", stand_in)
    return Buffer


def test_places_are_told_where_the_camera_was_when_it_took_the_image(context, peer, tf2):
    with perception(context):
        answer = peer.ask_about_camera(target_frame="torso").answer
    place = answer.objects[0].pose.pose.position
    assert (answer.pose_frame, answer.header.frame_id, answer.notes) == ("torso", "head_camera", [])
    assert (place.x, place.z) == (pytest.approx(0.8, abs=0.01), pytest.approx(1.0, abs=0.05))
    assert tf2.asked_ns == [nanoseconds(answer.header.stamp)]


@pytest.mark.usefixtures("tf2")
def test_a_frame_that_tf_does_not_know_leaves_places_with_the_camera(context, peer):
    with perception(context, target_frame="moon"):
        answer = peer.ask_about_camera().answer
    assert (answer.pose_frame, answer.objects[0].has_pose) == ("head_camera", True)
    assert answer.objects[0].pose.pose.position.z == pytest.approx(0.8, abs=0.01)
    assert ["'head_camera' to 'moon'" in note and "does not exist" in note for note in answer.notes] == [True]


@pytest.mark.usefixtures("tf2")
def test_an_object_keeps_its_number_and_its_markers(context, peer):
    arrays = []
    peer.node.create_subscription(MarkerArray, "/annexe/markers", arrays.append, qos.reliable())
    with perception(context, target_frame="torso"):
        numbers = {peer.ask_about_camera().answer.objects[0].track_id for _ in range(3)}
        peer.wait_until(lambda: len(arrays) > 1 or not peer.ask_about_camera())
    drawn = [marker for array in arrays for marker in array.markers if marker.action == Marker.ADD]
    assert numbers == {1}
    assert {(marker.header.frame_id, marker.id) for marker in drawn} == {("torso", 1)}
