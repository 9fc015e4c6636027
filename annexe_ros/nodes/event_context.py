"""Listens to interaction events, and lets the answers' descriptions tell them."""

from __future__ import annotations

from collections import deque

from rclpy.node import Node

from annexe_ros import msg
from annexe_ros.core import Frame, Interpretation
from annexe_ros.core.event import InteractionEvent, event_for, with_event
from annexe_ros.ros import qos
from annexe_ros.ros.events import event_from_message

EVENTS_KEPT = 64
"""Enough for half a minute of an ordinary stride, and for several cameras."""


class EventContext:
    """The newest events of a topic."""

    def __init__(self, node: Node, topic: str) -> None:
        """Subscribe; without a topic there are no events."""
        self._node = node
        self._events: deque[InteractionEvent] = deque(maxlen=EVENTS_KEPT)
        self._subscription = (
            node.create_subscription(
                msg.InteractionEvent, topic, self._on_event, qos.reliable(), qos_overriding_options=qos.overridable()
            )
            if topic
            else None
        )

    def told_in(self, reply: Interpretation, frame: Frame) -> Interpretation:
        """Return a reply about a frame whose analysis tells the event that fits the frame best, if there is one."""
        return with_event(reply, event_for(frame, self._events))

    def close(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)

    def _on_event(self, message: msg.InteractionEvent) -> None:
        """Keep an event; what the same camera saw later than it was seen before the clock jumped back."""
        event = event_from_message(message)
        earlier = [kept for kept in self._events if kept.frame_id != event.frame_id or kept.end_ns <= event.end_ns]
        self._events = deque([*earlier, event], maxlen=EVENTS_KEPT)
