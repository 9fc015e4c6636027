"""The query client against a real node, both over DDS."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import spinning
from rclpy.parameter import Parameter

from annexe_ros.core.errors import Status
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.query_client import NoAnswerError, QueryClient
from annexe_ros.nodes.query_report import Question
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros


def test_a_client_waits_until_the_node_has_seen_something(context, peer):
    node = PerceptionNode(context=context, parameter_overrides=[Parameter("engine", value="scripted")])
    client = QueryClient("/annexe", with_pictures=True, context=context)
    client.create_timer(0.1, peer.show)
    with spinning(node):
        asked = client.ask_when_ready(Question("what?", "a note"), EgoQuery.Request(), timeout_s=30.0, wait_s=60.0)
    assert (asked.response.success, asked.question.note, asked.latency_ms > 0) == (True, "a note", True)
    assert asked.overlay is not None
    assert asked.markers.markers[0].header == asked.overlay.header
    client.destroy_node()


def test_without_waiting_the_nodes_refusal_is_the_answer(context):
    node = PerceptionNode(context=context, parameter_overrides=[Parameter("engine", value="scripted")])
    client = QueryClient("/annexe", context=context)
    with spinning(node):
        asked = client.ask(Question("what?"), EgoQuery.Request(), timeout_s=30.0)
    assert asked.response.status in (Status.NO_FRAME, Status.NOT_ACTIVE)
    client.destroy_node()


def test_nobody_there_is_told(context):
    client = QueryClient("/nobody", context=context)
    with pytest.raises(NoAnswerError, match="there is no service '/nobody/get_state'"):
        client.ask(Question("what?"), EgoQuery.Request(), timeout_s=0.1)
    client.destroy_node()
