"""Bad input gets its status and one sentence, and the node serves the next call."""

import sys

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import change, spinning, state_of
from lifecycle_msgs.msg import Transition
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from annexe_ros.core.errors import Status
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.ros.images import depth_message, image_message

pytestmark = pytest.mark.ros

GOOD = image_message(np.zeros((48, 64, 3), np.uint8), "rgb8", Header(frame_id="head_camera"))


def perception(context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in {"engine": "scripted", **parameters}.items()]
    return spinning(PerceptionNode(context=context, parameter_overrides=overrides))


def damaged(**fields):
    message = image_message(np.zeros((48, 64, 3), np.uint8), "rgb8", Header())
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def assert_refused(response, status, sentence):
    assert (response.success, Status(response.status)) == (False, status)
    assert sentence in response.message
    assert "\n" not in response.message


REQUESTS = {
    "empty query": ({"query": " "}, Status.INVALID_QUERY, "the query is empty"),
    "over-long query": ({"query": "x" * 513}, Status.INVALID_QUERY, "has 513 characters, the limit is 512"),
    "no camera frame yet": ({}, Status.NO_FRAME, "no frame has arrived from the camera yet"),
    "unknown camera": ({"camera": "foot"}, Status.UNKNOWN_CAMERA, "unknown camera 'foot'; this node has"),
    "unknown encoding": ({"image": damaged(encoding="spam8")}, Status.BAD_IMAGE, "encoding 'spam8'"),
    "short data": ({"image": damaged(data=b"\0" * 9)}, Status.BAD_IMAGE, "step * height = 192 * 48"),
    "empty image": ({"image": damaged(width=0)}, Status.BAD_IMAGE, "the image is empty (0x48 pixels)"),
    "huge image": (
        {"image": damaged(width=2**31, height=2**31, step=2**32 - 1)}, Status.BAD_IMAGE, "the limit is 64 megapixels",
    ),
    "depth of another size": (
        {"image": GOOD, "depth": depth_message(np.ones((24, 64), np.float32), Header())},
        Status.BAD_IMAGE, "depth is 64x24 and the image 64x48",
    ),
    "depth of another kind": ({"image": GOOD, "depth": GOOD}, Status.BAD_IMAGE, "unknown depth encoding 'rgb8'"),
    "depth without image": (
        {"depth": depth_message(np.ones((24, 64), np.float32), Header())}, Status.INVALID_QUERY, "no image",
    ),
    "impossible age": ({"max_frame_age": -1.0}, Status.INVALID_QUERY, "max_frame_age"),
}  # fmt: skip


def test_every_bad_request_is_answered_and_the_next_one_served(context, peer):
    with perception(context):
        for fields, status, sentence in REQUESTS.values():
            assert_refused(peer.ask(**{"query": "what?", **fields}), status, sentence)
            assert peer.ask("what?", image=GOOD).success


def test_a_stale_frame_is_not_answered_for(context, peer):
    with perception(context):
        refused = peer.ask_about_camera(show={"age_s": 5.0}, max_frame_age=0.0)
        assert_refused(refused, Status.STALE_FRAME, "s old, the limit is 1.00 s")
        assert peer.ask(max_frame_age=60.0).success


def test_damaged_camera_images_are_answered_and_the_next_frame_served(context, peer):
    with perception(context):
        assert_refused(
            peer.ask_about_camera(show={"depth_rows": 24}), Status.BAD_IMAGE, "depth is 64x24 and the image 64x48"
        )
        peer.wait_until(lambda: peer.ask_about_camera().success)


def test_damaged_messages_on_the_topics_do_no_harm(context, peer):
    before_1970 = Image()
    before_1970.header.stamp.sec = -1
    with perception(context):
        assert peer.ask_about_camera().success
        for topic in ("image", "depth"):
            publisher = peer.node.create_publisher(Image, topic, 10)
            peer.wait_until(publisher.get_subscription_count)
            for message in (Image(), before_1970, damaged(data=b"")):
                publisher.publish(message)
        peer.wait_until(lambda: peer.ask_about_camera().success)


def set_parameter(peer, name, value):
    client = peer.client(SetParameters, "/annexe/set_parameters", SetParameters.Request())
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return peer.call(client, request).results[0]


def assert_unconfigured(peer, sentence):
    peer.wait_until(lambda: "not configured" not in peer.ask().message)
    assert_refused(peer.ask(), Status.NOT_ACTIVE, sentence)
    assert state_of(peer) == "unconfigured"


def test_a_missing_model_leaves_the_node_unconfigured_until_there_is_one(context, peer):
    with perception(context, engine="annexe", model="/nowhere/model"):
        assert_unconfigured(peer, "model '/nowhere/model': there is no such folder")
        assert set_parameter(peer, "engine", "scripted").successful
        assert change(peer, Transition.TRANSITION_CONFIGURE)


@pytest.mark.model
def test_a_damaged_model_leaves_the_node_unconfigured(context, peer, tmp_path):
    pytest.importorskip("annexe_ros.inference.annexe", reason="PyTorch is not installed")
    (tmp_path / "config.json").write_text("{")
    with perception(context, engine="annexe", model=str(tmp_path)):
        assert_unconfigured(peer, f"model '{tmp_path}'")


@pytest.mark.model
def test_an_unknown_dtype_leaves_the_node_unconfigured(context, peer, tiny_folder):
    with perception(context, engine="annexe", model=str(tiny_folder), dtype="float8"):
        assert_unconfigured(
            peer, "parameter 'dtype' must be one of float32, bfloat16, float16, int8, int4, not 'float8'"
        )


def test_missing_torch_is_told_with_the_command_that_installs_it(context, peer, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "annexe_ros.inference.annexe", raising=False)
    with perception(context, engine="annexe", model=str(tmp_path)):
        assert_unconfigured(peer, "pip install torch")


def test_an_unknown_engine_leaves_the_node_unconfigured(context, peer):
    with perception(context, engine="spam"):
        assert_unconfigured(
            peer, "parameter 'engine' must be one of annexe, vlm_sam, openai, remote, scripted, not 'spam'"
        )
        assert set_parameter(peer, "engine", "scripted").successful
        assert change(peer, Transition.TRANSITION_CONFIGURE)


def test_an_unknown_parameter_is_refused_by_name(context, peer):
    with perception(context, max_frame_agee=2.0):
        assert_unconfigured(peer, "unknown parameter 'max_frame_agee'; did you mean 'max_frame_age'?")


def test_an_out_of_range_parameter_is_refused_by_name_until_it_is_put_right(context, peer):
    with perception(context, max_frame_age=-1.0):
        assert_unconfigured(peer, "parameter 'max_frame_age' must lie in [0.01, 3600.0], not -1.0")
        assert set_parameter(peer, "max_frame_age", 2.0).successful
        assert change(peer, Transition.TRANSITION_CONFIGURE)


def test_a_wrong_quality_of_service_is_refused_by_name_until_it_is_put_right(context, peer):
    name = "qos_overrides./depth.subscription.reliability"
    with perception(context, **{name: "best-effort"}):
        assert_unconfigured(peer, f"parameter '{name}': 'best-effort' is no reliability")
        assert set_parameter(peer, name, "best_effort").successful
        assert change(peer, Transition.TRANSITION_CONFIGURE)


def test_setting_a_parameter_wrongly_changes_nothing(context, peer):
    with perception(context):
        for name, value, sentence in (
            ("max_frame_age", -1.0, "max_frame_age"),
            ("max_frame_age", "old", "expected 'Type.DOUBLE'"),
            ("max_frame_agee", 1.0, "max_frame_agee"),
            ("autostart", False, "autostart"),
            ("engine", "spam", "parameter 'engine' must be one of annexe"),
        ):
            result = set_parameter(peer, name, value)
            assert not result.successful
            assert sentence in result.reason
        assert peer.ask("what?", image=GOOD).success


def test_a_parameter_of_an_unknown_type_is_refused_and_the_others_set(context, peer):
    strange = ParameterMessage(name="max_frame_age", value=ParameterValue(type=99))
    fine = Parameter("max_frame_age", value=2.0).to_parameter_msg()
    with perception(context) as node:
        for kind, name in ((SetParameters, "set_parameters"), (SetParametersAtomically, "set_parameters_atomically")):
            client = peer.client(kind, f"/annexe/{name}", kind.Request())
            response = peer.call(client, kind.Request(parameters=[strange, fine]))
            results = response.results if kind is SetParameters else [response.result]
            assert [result.successful for result in results] == [False, True][: len(results)]
            assert results[0].reason == "parameter 'max_frame_age' has a value of the unknown type 99"
        assert node.get_parameter("max_frame_age").value == 2.0
        assert peer.ask("what?", image=GOOD).success
