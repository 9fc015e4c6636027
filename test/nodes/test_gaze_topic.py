"""Gaze over real DDS: from the topic and in the request, held and stale, in answers, notes and pictures."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import CAMERA, spinning
from geometry_msgs.msg import Point, PointStamped
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.ros import qos
from annexe_ros.ros.images import colour_from_message, image_message

pytestmark = pytest.mark.ros

MIDDLE = Point(x=CAMERA.cx, y=CAMERA.cy)
QUESTION = "What am I looking at?"
FULL_FRAME = "the full frame was used"


def perception(context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in {"engine": "scripted", **parameters}.items()]
    return spinning(PerceptionNode(context=context, parameter_overrides=overrides))


@pytest.fixture
def gaze(peer):
    publisher = peer.node.create_publisher(PointStamped, "gaze", qos.sensor())

    def look(point, header=None):
        publisher.publish(PointStamped(header=header or peer.header(), point=point))

    return look


def looking(peer, gaze, point, **fields):
    """Look at a point and ask until the node has heard of it."""
    answers = []

    def told():
        header = peer.show()
        gaze(point, header)
        response = peer.ask(QUESTION, **fields)
        answers.append(response.answer)
        return response.success and not any(
            "has arrived" in note or "before the frame" in note for note in answers[-1].notes
        )

    peer.ask_about_camera(QUESTION)
    peer.wait_until(told)
    return answers[-1]


def test_the_topic_tells_what_is_looked_at(context, peer, gaze):
    with perception(context):
        answer = looking(peer, gaze, MIDDLE)
        assert (answer.answer, answer.has_target) == ("mug", True)
        assert not [note for note in answer.notes if FULL_FRAME in note]
        beside = looking(peer, gaze, Point(x=2.0, y=2.0))
        assert not beside.has_target
        assert "nothing that the engine names is where the wearer looks" in beside.notes


def test_a_stale_gaze_falls_back_to_the_full_frame(context, peer, gaze):
    with perception(context, gaze_timeout=0.05):
        looking(peer, gaze, MIDDLE)

        def stale():
            peer.show()
            notes = peer.ask(QUESTION).answer.notes
            return any("the limit is 0.05 s" in note and FULL_FRAME in note for note in notes)

        peer.wait_until(stale)


def test_the_request_has_a_gaze_of_its_own(context, peer):
    image = image_message(np.full((48, 64, 3), 90, np.uint8), "rgb8", peer.header())
    with perception(context):
        found = peer.ask(QUESTION, image=image, has_gaze=True, gaze=MIDDLE).answer
        assert (found.answer, [o.label for o in found.objects]) == ("mug", ["mug"])
        outside = peer.ask(QUESTION, image=image, has_gaze=True, gaze=Point(x=70.0, y=5.0)).answer
        assert f"the gaze (70, 5) is outside of the 64x48 image; {FULL_FRAME}" in outside.notes
        without = peer.ask(QUESTION, image=image).answer
        assert any(FULL_FRAME in note for note in without.notes)


def test_whether_the_hand_is_on_it(context, peer):
    image = image_message(np.full((48, 64, 3), 90, np.uint8), "rgb8", peer.header())
    with perception(context, gaze_crop="3/4"):
        on_it = peer.ask("Is the right hand on what I look at?", image=image, has_gaze=True, gaze=MIDDLE).answer
        assert (on_it.has_target, on_it.objects[-1].label) == (True, "mug")
        not_on_it = peer.ask("Is the left hand on what I look at?", image=image, has_gaze=True, gaze=MIDDLE).answer
        assert not not_on_it.has_target
        assert "the wearer looks at the mug, and no left hand is on it" in not_on_it.notes


def has_red(overlay):
    picture = colour_from_message(overlay).astype(int)
    return ((picture[..., 0] - picture[..., 1] > 100) & (picture[..., 0] - picture[..., 2] > 60)).any()


def test_overlay_and_markers_show_it(context, peer, gaze):
    overlays, markers = [], []
    peer.node.create_subscription(Image, "/annexe/overlay", overlays.append, qos.reliable())
    peer.node.create_subscription(MarkerArray, "/annexe/markers", markers.append, qos.reliable())
    with perception(context):

        def shown():
            looking(peer, gaze, MIDDLE)
            ringed = any(map(has_red, overlays))  # not each: the first answers may be from before the gaze arrived
            return ringed and any(marker.ns == "gaze" for array in markers for marker in array.markers)

        peer.wait_until(shown)
