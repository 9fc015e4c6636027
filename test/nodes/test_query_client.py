"""The query client against a real node, both over DDS."""

import json
from contextlib import nullcontext

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from builtin_interfaces.msg import Time
from conftest import spinning
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core.errors import Status
from annexe_ros.nodes import query_client
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.query_client import NoAnswerError, QueryClient
from annexe_ros.nodes.query_report import Asked, Question
from annexe_ros.ros.images import image_message
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


def test_answers_are_kept_when_a_later_question_gets_none(context, tmp_path, monkeypatch, capsys):
    told = Asked(Question("first"), EgoQuery.Response(success=True), 1.0, None, None)

    class Client:
        """Answers the first question."""

        def __init__(self, *_, **__):
            self.answers = [told]

        def ask(self, question, *_):
            if not self.answers:
                raise NoAnswerError("'/annexe/query' gave no answer")
            return self.answers.pop()

        def destroy_node(self):
            pass

    monkeypatch.setattr(query_client, "QueryClient", Client)
    monkeypatch.setattr(query_client, "interruptible", nullcontext)
    monkeypatch.setattr("sys.argv", ["query_client", "first", "second", "--out", str(tmp_path / "out")])
    assert query_client.main() == 1
    assert "gave no answer" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "results.json").read_text())

    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["query_client", "first", "--out", str(tmp_path / "file")])
    assert query_client.main() == 1
    assert "can't be written" in capsys.readouterr().err


def test_pictures_of_a_named_camera_are_those_of_its_answer(context, peer):
    overrides = [Parameter("engine", value="scripted"), Parameter("cameras", value=["head", "wrist"])]
    node = PerceptionNode(context=context, parameter_overrides=overrides)
    client = QueryClient("/annexe", with_pictures=True, context=context)
    image = peer.node.create_publisher(Image, "head/image", 10)
    picture = np.full((48, 64, 3), 90, np.uint8)
    client.create_timer(0.1, lambda: image.publish(image_message(picture, "rgb8", peer.header())))
    with spinning(node):
        asked = client.ask_when_ready(Question("what?"), EgoQuery.Request(max_frame_age=60.0), 30.0, 60.0)
    assert asked.response.answer.camera == "head"
    assert asked.overlay.header == asked.response.answer.header
    client.destroy_node()


def test_pictures_of_other_answers_are_left_alone(context):
    client = QueryClient("/annexe", with_pictures=True, context=context)
    older, newer = (Image(header=Header(stamp=Time(sec=sec))) for sec in (1, 2))
    client._overlays += [older, newer]
    client._markers += [MarkerArray(markers=[Marker(header=picture.header)]) for picture in (older, newer)]
    assert client._overlay(newer.header.stamp) is newer
    assert client._marker_array(newer.header.stamp).markers[0].header == newer.header
    assert client._overlay(Time(sec=3)) is None
    client.destroy_node()
