"""The standing query: one question that is asked again and again about the newest frame of every camera.

A frame is asked about once, and a camera whose last question is still being worked on is left alone: answers never fall
behind the camera.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter

from annexe_ros.core.errors import Status
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.ros.stamps import nanoseconds
from annexe_ros.srv import EgoQuery

QUIET = (Status.NO_FRAME, Status.STALE_FRAME, Status.BUSY, Status.NOT_ACTIVE, Status.CANCELLED)
"""What is no news: the next tick comes."""


class Asked(Protocol):
    """Who knows the cameras and asks about one."""

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras."""

    def newest_stamp_ns(self, camera: str, max_age_s: float) -> int | None:
        """Return the time of the newest frame; None where there is none."""


class StandingQuery:
    """Asks at the rate of the parameters, which are read anew each time."""

    def __init__(
        self,
        node: Node,
        read: Callable[[], PerceptionParameters],
        serving: Asked,
        ask: Callable[[EgoQuery.Request], Awaitable[EgoQuery.Response]],
    ) -> None:
        """Begin; ``ask`` answers a request, publishes the answer and returns the response, without raising."""
        self._node, self._read, self._serving, self._ask = node, read, serving, ask
        self._asked_ns: dict[str, int] = {}
        self._busy: set[str] = set()
        self._complaint = ""
        period = 1.0 / read().standing_rate_hz
        self._timer = node.create_timer(period, self._tick, callback_group=ReentrantCallbackGroup())
        node.add_post_set_parameters_callback(self._on_set)

    def close(self) -> None:
        """Stop asking."""
        self._node.remove_post_set_parameters_callback(self._on_set)
        self._node.destroy_timer(self._timer)

    def _on_set(self, changes: Sequence[Parameter]) -> None:
        """Tick at another rate from now on; without the reset, the timer would first wait as it did."""
        if any(change.name == "standing_rate_hz" for change in changes):
            self._timer.timer_period_ns = round(1e9 / self._read().standing_rate_hz)
            self._timer.reset()

    def _tick(self) -> None:
        values = self._read()
        if not values.standing_query or self._node.executor is None:
            return
        for camera in self._serving.cameras:  # those of now: the parameter may already say what is to be next
            stamp_ns = None if camera in self._busy else self._serving.newest_stamp_ns(camera, values.max_frame_age)
            if stamp_ns is not None and stamp_ns != self._asked_ns.get(camera):
                self._asked_ns[camera] = stamp_ns
                self._busy.add(camera)
                self._node.executor.create_task(self._ask_about, camera, values.standing_query)

    async def _ask_about(self, camera: str, query: str) -> None:
        request = EgoQuery.Request(query=query, camera=camera)
        try:
            response = await self._ask(request)
            if response.success:  # perhaps a newer frame than the one that it was asked for
                self._asked_ns[camera] = nanoseconds(response.answer.header.stamp)
            elif response.status == Status.BUSY:  # nobody has looked at it yet
                self._asked_ns.pop(camera, None)
        finally:
            self._busy.discard(camera)
        self._complain("" if response.success or response.status in QUIET else response.message)

    def _complain(self, message: str) -> None:
        """Log a failure once, not at every tick."""
        if message and message != self._complaint:
            self._node.get_logger().error(f"the standing query fails: {message}")
        self._complaint = message
