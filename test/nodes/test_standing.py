"""The standing query: asked again and again, never about an old frame, never twice about one."""

import asyncio
import json
from itertools import pairwise
from unittest.mock import Mock

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from test_perception import perception

from annexe_ros.msg import InteractionAnswer
from annexe_ros.nodes.standing import StandingQuery
from annexe_ros.ros import qos
from annexe_ros.ros.stamps import nanoseconds
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros


@pytest.fixture
def answers(peer):
    """Answers on the topic, as they come."""
    found = []
    peer.node.create_subscription(InteractionAnswer, "/annexe/answer", found.append, qos.last_answer())
    return found


def test_every_new_frame_is_asked_about_once(context, peer, answers):
    with perception(context, standing_query="which object is held?", standing_rate_hz=50.0, max_frame_age=60.0):
        peer.wait_until(lambda: peer.show() and len(answers) >= 5)
        shown = peer.show()
        peer.wait_until(lambda: answers[-1].header == shown)
        count = len(answers)
        peer.ask("is it over?")  # by now the last frame would have been asked about again
        peer.wait_until(lambda: answers[-1].query == "is it over?")
    stamps = [nanoseconds(answer.header.stamp) for answer in answers[:count]]
    assert stamps == sorted(set(stamps))
    assert {answer.query for answer in answers[:count]} == {"which object is held?"}
    assert len(answers) == count + 1


def test_a_frame_that_came_between_the_tick_and_the_question_is_not_asked_about_again():
    asked = []

    async def ask(request):
        response = EgoQuery.Response(success=True)
        response.answer.header.stamp.nanosec = newest.pop(0)
        asked.append(response)
        return response

    newest = [1, 2, 2, 3, 3]
    """What tick, question, tick, tick and question see."""
    node = Mock()
    node.executor.create_task = lambda task, *arguments: asyncio.run(task(*arguments))
    serving = Mock(cameras=["head"], newest_stamp_ns=lambda *_: newest.pop(0))
    StandingQuery(node, lambda: Mock(standing_query="what?", standing_rate_hz=1.0, max_frame_age=1.0), serving, ask)
    tick = node.create_timer.call_args.args[1]
    for _ in range(3):
        tick()
    assert [response.answer.header.stamp.nanosec for response in asked] == [2, 3]


def test_a_slow_engine_is_asked_about_the_newest_frame_only(context, peer, answers, tmp_path):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": 0.3}))
    shown = []
    with perception(context, model=str(script), standing_query="what?", standing_rate_hz=60.0):
        peer.wait_until(lambda: shown.append(peer.show()) or len(answers) >= 4)
    stamps = [nanoseconds(header.stamp) for header in shown]
    asked = [stamps.index(nanoseconds(answer.header.stamp)) for answer in answers]
    assert min(later - earlier for earlier, later in pairwise(asked[1:])) > 1  # there were frames in between


def test_it_can_be_set_and_unset_while_the_node_runs(context, peer, answers):
    with perception(context, standing_rate_hz=50.0) as node:
        peer.ask_about_camera("by hand")
        node.set_parameters([Parameter("standing_query", value="what is held?")])
        peer.wait_until(lambda: peer.show() and answers and answers[-1].query == "what is held?")
        node.set_parameters([Parameter("standing_query", value="")])
        peer.ask("the last word")
        for _ in range(20):
            peer.show()
            peer.ask("the last word")
        peer.wait_until(lambda: answers[-1].query == "the last word")


def test_another_rate_acts_at_once(context, peer, answers):
    with perception(context, standing_query="what?", standing_rate_hz=0.01) as node:  # longer than a test waits
        peer.wait_until(peer.is_watched)
        peer.show()
        node.set_parameters([Parameter("standing_rate_hz", value=50.0)])
        peer.wait_until(lambda: peer.show() and len(answers) >= 2)


def test_cameras_that_are_to_be_next_are_not_asked_about_yet(context, peer, answers):
    with perception(context, standing_query="what?", standing_rate_hz=50.0) as node:
        peer.wait_until(lambda: peer.show() and answers)
        node.set_parameters([Parameter("cameras", value=["head", "wrist"])])
        count = len(answers)
        peer.wait_until(lambda: peer.show() and len(answers) > count + 2)


def test_images_that_cant_be_read_are_told(context, peer, capfd):
    strange = Image(encoding="rgb8", height=48, width=64, step=1, data=[0])
    camera = peer.node.create_publisher(Image, "/image", 10)

    def told():
        strange.header = peer.header()
        camera.publish(strange)
        return "the standing query fails" in capfd.readouterr().err

    with perception(context, standing_query="what?", standing_rate_hz=50.0):
        peer.wait_until(told)
