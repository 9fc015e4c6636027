"""Several cameras and one engine: topics below the camera's name, requests that name it."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from sensor_msgs.msg import Image
from std_msgs.msg import Header
from test_perception import perception

from annexe_ros.core.errors import Status
from annexe_ros.msg import InteractionAnswer
from annexe_ros.ros import qos
from annexe_ros.ros.images import image_message

pytestmark = pytest.mark.ros


class Cameras:
    """Two cameras of different sizes, without depth."""

    SIZES = {"head": (48, 64), "wrist": (32, 40)}  # noqa: RUF012

    def __init__(self, peer):
        self.peer, self.answers = peer, {"head": [], "wrist": []}
        self.publishers = {name: peer.node.create_publisher(Image, f"{name}/image", 10) for name in self.SIZES}
        for name, found in self.answers.items():
            topic = f"/annexe/{name}/answer"
            peer.node.create_subscription(InteractionAnswer, topic, found.append, qos.last_answer())

    def show(self):
        for name, publisher in self.publishers.items():
            header = Header(stamp=self.peer.header().stamp, frame_id=f"{name}_optical")
            publisher.publish(image_message(np.full((*self.SIZES[name], 3), 90, np.uint8), "rgb8", header))

    def ask(self, **fields):
        """Ask until there is a frame, of any age: colour is kept back for half a second, and machines are busy."""
        return self.peer.ask_until(self.show, {Status.NO_FRAME}, max_frame_age=60.0, **fields)


def test_a_request_names_its_camera(context, peer):
    cameras = Cameras(peer)
    with perception(context, cameras=["head", "wrist"]):
        head, wrist, first = cameras.ask(camera="head"), cameras.ask(camera="wrist"), cameras.ask()
        unknown = peer.ask(camera="foot")
        peer.wait_until(lambda: cameras.answers["head"] and cameras.answers["wrist"])
    assert [r.answer.camera for r in (head, wrist, first)] == ["head", "wrist", "head"]
    assert (wrist.answer.header.frame_id, wrist.answer.image_width) == ("wrist_optical", 40)
    assert (unknown.status, "head, wrist" in unknown.message) == (Status.UNKNOWN_CAMERA, True)
    assert {answer.camera for answer in cameras.answers["wrist"]} == {"wrist"}


def test_an_image_in_the_request_is_the_cameras(context, peer):
    own = image_message(np.full((24, 32, 3), 90, np.uint8), "rgb8", peer.header())
    with perception(context, cameras=["head", "wrist"]):
        answers = [peer.ask_until(lambda: None, {Status.NOT_ACTIVE}, image=own, camera=name) for name in ("", "wrist")]
    assert [response.answer.camera for response in answers] == ["head", "wrist"]


def test_the_standing_query_is_asked_of_every_camera(context, peer):
    cameras = Cameras(peer)
    with perception(context, cameras=["head", "wrist"], standing_query="what?", standing_rate_hz=20.0):
        peer.wait_until(lambda: cameras.show() or all(cameras.answers.values()))


@pytest.mark.parametrize("names", [["head", "head"], ["head", ""], ["a/b"]])
def test_names_that_cant_be_topics_are_refused(context, peer, names):
    with perception(context, cameras=names):
        peer.wait_until(lambda: "cameras" in peer.ask().message)
