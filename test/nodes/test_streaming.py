"""The action over real DDS: text while it is generated, statuses, and cancellation."""

import json

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.action", reason="the interfaces are not built")

from action_msgs.msg import GoalStatus
from conftest import LIMIT_S
from rclpy.action import ActionClient
from test_perception import perception

from annexe_ros.action import StreamEgoQuery
from annexe_ros.core.errors import Status
from annexe_ros.ros import qos

pytestmark = pytest.mark.ros


class Caller:
    """Sends goals to a node and keeps what comes back."""

    def __init__(self, peer):
        self.peer, self.feedback = peer, []
        self.client = ActionClient(
            peer.node, StreamEgoQuery, "/annexe/stream_query", feedback_sub_qos_profile=qos.calls()
        )

    def goal(self, node, query="which object is held?", **fields):
        assert self.client.wait_for_server(LIMIT_S)
        # Until the node knows this caller too, what it sends is lost; the status is what a caller subscribes to last.
        self.peer.wait_until(lambda: node.count_subscribers("/annexe/stream_query/_action/status"))
        goal = StreamEgoQuery.Goal(query=query, **fields)
        sent = self.client.send_goal_async(goal, lambda message: self.feedback.append(message.feedback))
        return self.peer.result(sent)

    def texts(self):
        """Return the last text of each stage.

        Wait for those that matter before the result is asked for: rclpy's client drops the feedback that it hasn't read
        when the result arrives.
        """
        return {feedback.stage: feedback.text for feedback in self.feedback}

    def result(self, handle):
        return self.peer.result(handle.get_result_async())


@pytest.fixture
def caller(peer):
    caller = Caller(peer)
    yield caller
    caller.client.destroy()


def slow_script(tmp_path, seconds):
    script = tmp_path / "slow.json"
    script.write_text(json.dumps({"stage_delay_s": seconds}))
    return str(script)


def test_text_comes_as_it_is_generated_and_the_result_is_the_answer(context, peer, caller):
    with perception(context) as node:
        answered = peer.ask_about_camera("which object is held?").answer
        peer.show()
        handle = caller.goal(node, max_frame_age=60.0)
        peer.wait_until(lambda: StreamEgoQuery.Feedback.GROUND in caller.texts())
        outcome = caller.result(handle)
    assert (outcome.status, outcome.result.status) == (GoalStatus.STATUS_SUCCEEDED, Status.OK)
    assert (outcome.result.success, outcome.result.answer.answer) == (True, answered.answer)
    assert all(feedback.text.endswith(feedback.text_delta) for feedback in caller.feedback)
    assert caller.texts()[StreamEgoQuery.Feedback.ANALYSE] == answered.analysis
    assert caller.texts()[StreamEgoQuery.Feedback.ANSWER] == answered.answer


def test_half_a_character_in_a_text_is_replaced(context, peer, caller, tmp_path):
    script = tmp_path / "half.json"
    reply = {"analysis": "A hand holds a \ud83d mug.", "targets": [{"label": "mug \ud83d"}]}
    script.write_text(json.dumps({"otherwise": reply}))
    with perception(context, model=str(script)) as node:
        answered = peer.ask_about_camera("which object is held?").answer
        assert (answered.answer, answered.objects[0].label) == ("mug \ufffd", "mug \ufffd")
        peer.show()
        handle = caller.goal(node, max_frame_age=60.0)
        peer.wait_until(lambda: StreamEgoQuery.Feedback.GROUND in caller.texts())
        outcome = caller.result(handle)
    assert outcome.result.answer.answer == "mug \ufffd"
    assert caller.texts()[StreamEgoQuery.Feedback.ANALYSE] == "A hand holds a \ufffd mug."


def test_a_cancelled_goal_stops_at_once_and_the_next_is_answered(context, peer, caller, tmp_path):
    with perception(context, model=slow_script(tmp_path, 60.0)) as node:
        peer.ask_about_camera(max_frame_age=1e-6)  # discovered; this one is too old to be worked on
        peer.show()
        handle = caller.goal(node, max_frame_age=60.0)
        peer.wait_until(lambda: caller.feedback)
        waiting = caller.goal(node, "the next one", max_frame_age=60.0)
        for goal in (waiting, handle):
            assert peer.result(goal.cancel_goal_async()).goals_canceling
        for goal in (waiting, handle):
            outcome = caller.result(goal)
            assert (outcome.status, outcome.result.status) == (GoalStatus.STATUS_CANCELED, Status.CANCELLED)


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"query": " "}, Status.INVALID_QUERY), ({"camera": "wrist"}, Status.UNKNOWN_CAMERA), ({}, Status.NO_FRAME)],
)
def test_what_goes_wrong_is_told_in_the_result(context, peer, caller, fields, status):
    with perception(context) as node:
        outcome = caller.result(caller.goal(node, **fields))
    assert (outcome.status, outcome.result.status) == (GoalStatus.STATUS_ABORTED, status)
    assert outcome.result.message
    assert not outcome.result.success


def test_a_node_that_isnt_active_says_so(context, peer, caller):
    with perception(context, autostart=False) as node:
        outcome = caller.result(caller.goal(node))
    assert outcome.result.status == Status.NOT_ACTIVE


def test_a_finished_goal_is_let_go(context, peer, caller, monkeypatch):
    monkeypatch.setattr("annexe_ros.nodes.streaming.RESULT_KEPT_S", 1)
    with perception(context) as node:
        peer.ask_about_camera()
        caller.result(caller.goal(node))
        held = node._stream._server._goal_handles
        peer.wait_until(lambda: not held)
