"""``InteractionEvent`` of the core to its message and back."""

from __future__ import annotations

from std_msgs.msg import Header

from annexe_ros import msg
from annexe_ros.core.event import InteractionEvent
from annexe_ros.ros.stamps import nanoseconds, stamp_message


def event_message(event: InteractionEvent) -> msg.InteractionEvent:
    """Return the message; its header is that of the window's last frame."""
    end = stamp_message(event.end_ns)
    return msg.InteractionEvent(
        header=Header(stamp=end, frame_id=event.frame_id),
        verb=event.verb,
        noun=event.noun,
        phrase=event.phrase,
        rival=event.rival,
        score=event.score,
        margin=event.margin,
        window_start=stamp_message(event.start_ns),
        window_end=end,
        model=event.model,
    )


def event_from_message(message: msg.InteractionEvent) -> InteractionEvent:
    """Return the event that a message tells."""
    return InteractionEvent(
        verb=message.verb,
        noun=message.noun,
        phrase=message.phrase,
        rival=message.rival,
        score=message.score,
        margin=message.margin,
        start_ns=nanoseconds(message.window_start),
        end_ns=nanoseconds(message.window_end),
        frame_id=message.header.frame_id,
        model=message.model,
    )
