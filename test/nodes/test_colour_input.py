"""The images of one camera over real DDS, handed on as they come."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

import rclpy
from conftest import spinning

from annexe_ros.nodes.colour_input import ColourInput

pytestmark = pytest.mark.ros


def test_an_image_at_which_something_unforeseen_fails_is_left_out(context, peer):
    taken = []

    def take(frame):
        taken.append(frame)
        if len(taken) == 1:
            raise MemoryError

    with spinning(rclpy.create_node("watcher", context=context)) as node:
        camera = ColourInput(node, take)
        peer.wait_until(lambda: peer.show() and camera.statistics.alone)
    assert camera.statistics.dropped == 1
    assert camera.statistics.received == len(taken)
