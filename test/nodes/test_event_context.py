"""The perception node's descriptions tell what the interaction recognizer published."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from test_perception import perception

from annexe_ros.core import Frame, Interpretation
from annexe_ros.core.event import NANOSECONDS, InteractionEvent
from annexe_ros.msg import InteractionEvent as InteractionEventMessage
from annexe_ros.nodes.event_context import EventContext
from annexe_ros.ros import qos
from annexe_ros.ros.events import event_message
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros

TOPIC = "/interaction_recognizer/event"
PLAIN = "The right hand holds a white mug over the table."
TOLD = "The right hand picks up a white mug over the table."


def publish(peer, events, **changes):
    """Publish an event of the two seconds up to now."""
    now_ns = nanoseconds(peer.header().stamp)
    facts = {"verb": "picks up", "noun": "mug", "phrase": "picks up the mug", "rival": "puts down the mug"}
    facts |= {"score": 0.8, "margin": 0.3, "start_ns": now_ns - 2 * NANOSECONDS, "end_ns": now_ns}
    events.publish(event_message(InteractionEvent(**(facts | {"frame_id": "head_camera"} | changes))))


@pytest.fixture
def events(peer):
    return peer.node.create_publisher(InteractionEventMessage, TOPIC, qos.reliable())


def test_a_description_tells_the_event_of_its_frames_time(context, peer, events):
    with perception(context, interaction_events=TOPIC):
        assert peer.ask_about_camera().answer.analysis == PLAIN
        peer.wait_until(events.get_subscription_count)

        def told():
            publish(peer, events)
            peer.show()
            return peer.ask().answer.analysis == TOLD

        peer.wait_until(told)
        answer = peer.ask(want_analysis=True).answer
        assert any("from 2.0 s of motion" in note for note in answer.notes)
        assert peer.ask(want_analysis=False).answer.analysis == ""


def test_an_event_of_another_camera_or_time_is_not_told(context, peer, events):
    with perception(context, interaction_events=TOPIC):
        peer.ask_about_camera()
        peer.wait_until(events.get_subscription_count)
        publish(peer, events, frame_id="wrist_camera")
        publish(peer, events, start_ns=5 * NANOSECONDS, end_ns=7 * NANOSECONDS)
        for _ in range(5):
            peer.show()
            assert peer.ask().answer.analysis == PLAIN


def test_without_the_parameter_nobody_listens(context, peer, events):
    with perception(context):
        peer.ask_about_camera()
        assert events.get_subscription_count() == 0


def test_a_clock_that_jumps_back_leaves_that_cameras_later_events_behind():
    told = EventContext(None, "")
    for end_s, camera in ((100, "head"), (101, "wrist"), (102, "head"), (4, "head")):
        window = {"start_ns": (end_s - 2) * NANOSECONDS, "end_ns": end_s * NANOSECONDS, "frame_id": camera}
        event = InteractionEvent("picks up", "mug", "picks up the mug", "puts down the mug", 0.8, 0.3, **window)
        told._on_event(event_message(event))
    reply = Interpretation(PLAIN, "mug", True, 0.9, (), np.zeros((4, 4), np.uint8), "e", "m")
    frames = [
        Frame(np.zeros((4, 4, 3), np.uint8), stamp_ns=at_s * NANOSECONDS, frame_id=camera)
        for at_s, camera in ((100, "head"), (102, "head"), (101, "wrist"), (4, "head"))
    ]
    assert [told.told_in(reply, frame).analysis == TOLD for frame in frames] == [False, False, True, True]
