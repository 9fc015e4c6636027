"""How every node that plays something does it: entry by entry, with the pace of the recording."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from annexe_ros.nodes.replay_sources import ReplaySource
from annexe_ros.ros import qos
from annexe_ros.ros.definitions import message_class
from annexe_ros.ros.parameters import NodeParameters, parameter
from annexe_ros.ros.stamps import stamp_message

RELIABLE, BEST_EFFORT = "reliable", "best_effort"


@dataclass(frozen=True)
class PlayingParameters:
    """Parameters of whatever plays."""

    rate: float = parameter(1.0, "Pace, 1 as recorded.", minimum=0.01, maximum=100.0)
    loop: bool = parameter(True, "Begin anew at the end; otherwise the node ends.")
    restamp: bool = parameter(True, "Stamp messages with the time of sending, instead of that of recording.")
    frame_id: str = parameter("", "Optical frame to name in the messages; empty: the recording's.")
    reliability: str = parameter(
        RELIABLE, "Quality of service of the images.", choices=(RELIABLE, BEST_EFFORT), read_only=True
    )


ParametersT = TypeVar("ParametersT", bound=PlayingParameters)


class ReplayNode(Node, Generic[ParametersT]):
    """Publishes a source entry by entry; what is played is read as it is due."""

    def __init__(
        self,
        name: str,
        parameters: type[ParametersT],
        open_source: Callable[[ParametersT], ReplaySource],
        **options: Any,
    ) -> None:
        """Open the source and begin; raises ``ParameterError`` and what opening raises."""
        super().__init__(name, automatically_declare_parameters_from_overrides=True, **options)
        self._settings = NodeParameters(self, parameters)
        self._settings.check()
        values = self._settings.read()
        self._source = open_source(values)
        profile = qos.reliable() if values.reliability == RELIABLE else qos.sensor()
        self._outputs = {
            topic: self.create_publisher(message_class(kind), topic, profile)
            for topic, kind in self._source.topics.items()
        }
        self._next = self._loops = 0
        self._due_ns = time.monotonic_ns()
        self._timer = self.create_timer(0.0, self._play, clock=Clock(clock_type=ClockType.STEADY_TIME))
        count, names = len(self._source.timeline.stamps_ns), ", ".join(sorted(self._outputs))
        self.get_logger().info(f"playing {count} frames on {names}")

    def destroy_node(self) -> None:
        """Close the source."""
        super().destroy_node()
        self._source.close()

    def _play(self) -> None:
        """Publish what is due and wait for the next, which is never sent in a hurry."""
        timeline, values = self._source.timeline, self._settings.read()
        self._publish(values)
        self._next += 1
        if self._next == len(timeline.stamps_ns):
            if not values.loop:
                self.context.try_shutdown()
                return
            self._next, self._loops = 0, self._loops + 1
        now_ns = time.monotonic_ns()
        self._due_ns = max(self._due_ns + round(timeline.gap_ns(self._next) / values.rate), now_ns + 1)
        self._timer.timer_period_ns = self._due_ns - now_ns
        self._timer.reset()

    def _publish(self, values: ParametersT) -> None:
        timeline = self._source.timeline
        recorded_ns = timeline.stamps_ns[self._next] + self._loops * timeline.duration_ns
        stamp = stamp_message(self.get_clock().now().nanoseconds if values.restamp else recorded_ns)
        for topic, message in self._source.messages(self._next):
            message.header.stamp = stamp
            message.header.frame_id = values.frame_id or message.header.frame_id
            self._outputs[topic].publish(message)
