"""Events go through their message unchanged."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.event import InteractionEvent
from annexe_ros.ros.events import event_from_message, event_message
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
shares = st.floats(-1, 1, width=32)
stamps = st.integers(0, 2**31 * 10**9 - 1)
events = st.builds(InteractionEvent, texts, texts, texts, texts, shares, shares, stamps, stamps, texts, texts)


@given(events)
def test_there_and_back(event):
    message = event_message(event)
    assert event_from_message(message) == event
    assert nanoseconds(message.header.stamp) == event.end_ns
    assert message.header.frame_id == event.frame_id
