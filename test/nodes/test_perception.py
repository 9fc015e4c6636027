"""The perception node over real DDS, with the scripted engine."""

import json

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import change, spinning, state_of
from lifecycle_msgs.msg import Transition
from rclpy.parameter import Parameter
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core.errors import Status
from annexe_ros.inference import ScriptedEngine
from annexe_ros.msg import InteractionAnswer, InteractionObject
from annexe_ros.nodes.answer_output import AnswerOutput
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.ros import qos
from annexe_ros.ros.images import pixels_from_message
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros


def perception(context, **parameters):
    values = {"engine": "scripted", **parameters}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return spinning(PerceptionNode(context=context, parameter_overrides=overrides))


@pytest.fixture
def node(context):
    with perception(context) as node:
        yield node


def test_a_query_about_the_camera_is_answered_in_3d(node, peer):
    response = peer.ask_about_camera("  which object is\nheld? ")
    answer, mug = response.answer, response.answer.objects[0]
    assert (response.success, response.status, response.message) == (True, Status.OK, "")
    assert (answer.query, answer.answer, answer.engine) == ("which object is held?", "mug", "scripted")
    assert (answer.header.frame_id, answer.pose_frame) == ("head_camera", "head_camera")
    assert (mug.role, mug.touched_by, mug.has_pose) == (InteractionObject.OBJECT, InteractionObject.RIGHT, True)
    assert mug.pose.pose.position.z == pytest.approx(0.8, abs=0.01)
    mask = pixels_from_message(response.mask)
    assert mask.shape == (48, 64)
    assert (np.count_nonzero(mask == mug.mask_value)) == mug.roi.width * mug.roi.height


def test_the_answer_has_the_stamp_of_the_newest_frame(node, peer):
    peer.ask_about_camera()
    header = peer.show()
    peer.wait_until(lambda: peer.ask().answer.header == header)


def test_an_image_of_its_own_needs_no_camera(node, peer):
    from conftest import CAMERA

    from annexe_ros.ros.camera_info import camera_info_message
    from annexe_ros.ros.images import depth_message, image_message

    header = peer.header()
    response = peer.ask(
        image=image_message(np.zeros((48, 64, 3), np.uint8), "bgr8", header),
        depth=depth_message(np.full((48, 64), 0.5, np.float32), header),
        camera_info=camera_info_message(CAMERA, header),
    )
    assert (response.status, response.answer.header) == (Status.OK, header)
    assert response.answer.objects[0].pose.pose.position.z == pytest.approx(0.5, abs=0.01)


def test_what_is_not_wanted_is_not_sent(node, peer):
    response = peer.ask_about_camera(want_mask=False, want_analysis=False)
    assert (response.answer.answer, response.answer.analysis, len(response.mask.data)) == ("mug", "", 0)


def test_poses_that_were_not_transformed_say_so(node, peer):
    notes = peer.ask_about_camera(target_frame="base_link").answer.notes
    assert any("'head_camera'" in note and "'base_link'" in note for note in notes)


def test_quality_of_service_can_be_overridden(context, peer):
    with perception(context, **{"qos_overrides./image.subscription.reliability": "reliable"}):
        peer.ask_about_camera()
        image, depth = (peer.node.get_subscriptions_info_by_topic(topic)[0] for topic in ("/image", "/depth"))
    assert image.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert depth.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT


def test_a_camera_without_depth_is_answered_in_2d(node, peer):
    response = peer.ask_about_camera(show={"with_depth": False})
    assert (response.status, response.answer.objects[0].has_pose) == (Status.OK, False)
    assert any("no depth" in note for note in response.answer.notes)


def test_everything_published_has_the_header_of_the_image(node, peer):
    got = {}
    for topic, kind in (("answer", InteractionAnswer), ("mask", Image), ("overlay", Image), ("markers", MarkerArray)):
        peer.node.create_subscription(
            kind, f"/annexe/{topic}", lambda message, topic=topic: got.update({topic: message}), qos.reliable()
        )
    peer.ask_about_camera()
    peer.wait_until(lambda: got.keys() == {"answer", "mask", "overlay", "markers"} or not peer.ask_about_camera())
    headers = [got["answer"].header, got["mask"].header, got["overlay"].header]
    headers += [marker.header for marker in got["markers"].markers]
    assert {header.frame_id for header in headers} == {"head_camera"}
    assert got["mask"].encoding == "mono8"
    drawn = [marker for marker in got["markers"].markers if marker.action == Marker.ADD]
    assert {marker.ns for marker in drawn} == {"boxes", "names", "outlines"}


def test_the_last_answer_is_there_for_a_late_subscriber(node, peer):
    response, late = peer.ask_about_camera(), []
    peer.node.create_subscription(InteractionAnswer, "/annexe/answer", late.append, qos.last_answer())
    peer.wait_until(lambda: late)
    assert late[0] == response.answer


def test_an_answer_that_cannot_be_published_reaches_its_caller_all_the_same(context, peer, monkeypatch, capfd):
    monkeypatch.setattr(AnswerOutput, "publish", lambda *_: 1 / 0)
    with perception(context):
        assert [peer.ask_about_camera().status for _ in range(2)] == [Status.OK, Status.OK]
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_parallel_callers_are_answered_while_images_flow(context, peer, tmp_path):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": 0.2}))
    with perception(context, model=str(script)):
        peer.ask_about_camera()
        futures = [peer.ask_async(f"question {number}", max_frame_age=60.0) for number in range(3)]
        peer.wait_until(lambda: peer.show() and all(future.done() for future in futures))
        answers = [future.result().answer for future in futures]
    assert [answer.query for answer in answers] == ["question 0", "question 1", "question 2"]
    stamps = [nanoseconds(answer.header.stamp) for answer in answers]
    assert stamps == sorted(set(stamps))  # each of a newer frame than the last


def test_a_query_that_finds_the_queue_full_is_told_busy_at_once(context, peer, tmp_path):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": 1.5}))
    with perception(context, model=str(script), queue_capacity=1):
        peer.ask_about_camera()
        peer.show()
        responses = [peer.result(future) for future in [peer.ask_async() for _ in range(4)]]
    statuses = [response.status for response in responses]
    assert statuses.count(Status.OK) >= 1
    assert statuses.count(Status.BUSY) >= 2


def test_a_query_past_its_time_is_told_timeout(context, peer, tmp_path):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": 5}))
    with perception(context, model=str(script), query_timeout=0.2):
        assert peer.ask_about_camera().status == Status.TIMEOUT


def test_disabled_is_not_active_until_enabled(node, peer):
    enable = peer.client(SetBool, "/annexe/enable", SetBool.Request(data=True))
    assert peer.call(enable, SetBool.Request(data=False)).success
    response = peer.ask()
    assert (response.status, "disabled" in response.message) == (Status.NOT_ACTIVE, True)
    assert peer.call(enable, SetBool.Request(data=True)).success
    assert peer.ask_about_camera().success


def test_a_whole_life(context, peer):
    with perception(context, autostart=False):
        assert state_of(peer) == "unconfigured"
        assert peer.ask().status == Status.NOT_ACTIVE
        for _ in range(2):
            assert change(peer, Transition.TRANSITION_CONFIGURE)
            assert state_of(peer) == "inactive"
            assert "not activated" in peer.ask().message
            assert change(peer, Transition.TRANSITION_ACTIVATE)
            assert peer.ask_about_camera().success
            assert change(peer, Transition.TRANSITION_DEACTIVATE)
            assert "deactivated" in peer.ask().message
            assert change(peer, Transition.TRANSITION_CLEANUP)
            assert state_of(peer) == "unconfigured"
        assert change(peer, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
        assert state_of(peer) == "finalized"


def test_a_device_that_fails_while_it_is_given_back_leaves_nothing_behind(context, peer, monkeypatch, capfd):
    def lost(self):
        raise RuntimeError("device lost")

    monkeypatch.setattr(ScriptedEngine, "release_device", lost, raising=False)
    monkeypatch.setattr(ScriptedEngine, "claim_device", lambda self: None, raising=False)
    with perception(context, autostart=False) as node:
        assert change(peer, Transition.TRANSITION_CONFIGURE)
        assert change(peer, Transition.TRANSITION_ACTIVATE)
        change(peer, Transition.TRANSITION_DEACTIVATE)
        assert state_of(peer) == "unconfigured"
        assert "a transition failed" in peer.ask().message
        assert node._equipment is node._serving is None
        assert change(peer, Transition.TRANSITION_CONFIGURE)
        assert change(peer, Transition.TRANSITION_ACTIVATE)
        assert peer.ask_about_camera().success
    assert "can't deactivate: internal error (RuntimeError: device lost)" in capfd.readouterr().err


def test_a_transition_that_the_state_does_not_have_is_refused(node, peer):
    peer.wait_until(lambda: state_of(peer) == "active")
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE, 77):
        assert not change(peer, transition)
    assert state_of(peer) == "active"
    assert peer.ask_about_camera().success


def test_a_query_that_runs_is_answered_when_the_node_is_deactivated(context, peer, tmp_path):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": 0.3}))
    with perception(context, model=str(script)):
        peer.ask_about_camera()
        peer.show()
        running, waiting = peer.ask_async("running"), peer.ask_async("waiting")
        peer.wait_until(lambda: not running.done())
        assert change(peer, Transition.TRANSITION_DEACTIVATE)
        assert {peer.result(running).status, peer.result(waiting).status} <= {Status.OK, Status.NOT_ACTIVE}
        assert peer.ask().status == Status.NOT_ACTIVE


def test_a_topic_that_is_none_is_refused_before_anything_is_opened(context, peer):
    with perception(context, autostart=False) as node:
        (result,) = node.set_parameters([Parameter("interaction_events", value="two words")])
        assert not result.successful
        assert "'interaction_events' is no topic" in result.reason
