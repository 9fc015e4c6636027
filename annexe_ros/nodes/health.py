"""``/diagnostics``: how the cameras, the queue and the engine of the perception node are.

Collects what the others tell or offer and publishes it at a fixed pace; judges by few plain rules. ``ros/diagnostics``
makes the messages.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from annexe_ros.core import Interpretation
from annexe_ros.nodes.diagnostics_topic import DiagnosticsTopic
from annexe_ros.ros.diagnostics import Level, camera_status, diagnostic_status, latency_values

if TYPE_CHECKING:
    from annexe_ros.inference import Scheduler
    from annexe_ros.nodes.camera_input import CameraInput

LATENCIES_KEPT = 256


class Health:
    """Publishes diagnostics of the node, whatever its state."""

    def __init__(
        self, node: Node, period_s: float, why_inactive: Callable[[], str], max_age_s: Callable[[], float]
    ) -> None:
        """Publish every ``period_s``.

        Args:
            node: whose health it is.
            period_s: time between two messages.
            why_inactive: tells why the node doesn't serve, where it doesn't.
            max_age_s: tells how far from the node's clock a frame may be that is answered for.
        """
        self._node, self._why_inactive, self._max_age_s = node, why_inactive, max_age_s
        self._topic = DiagnosticsTopic(node, period_s, self._statuses)
        self._latencies: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LATENCIES_KEPT))
        self._scheduler: Scheduler | None = None
        self._cameras: Sequence[CameraInput] = ()

    def watch(self, scheduler: Scheduler | None, cameras: Sequence[CameraInput] = ()) -> None:
        """Look at these from now on; None: the node doesn't serve."""
        self._scheduler, self._cameras = scheduler, cameras

    def note(self, reply: Interpretation) -> None:
        """Remember how long the stages of an answer took."""
        for latency in reply.latencies:
            self._latencies[latency.stage].append(latency.ms)

    def close(self) -> None:
        """Stop."""
        self._topic.close()

    def _statuses(self) -> list[DiagnosticStatus]:
        return [self._serving_status(), *(self._camera_status(camera) for camera in self._cameras)]

    def _serving_status(self) -> DiagnosticStatus:
        name = f"{self._node.get_fully_qualified_name()}: answering"
        if self._scheduler is None:
            return diagnostic_status(name, Level.WARN, f"not active: {self._why_inactive()}", {})
        from annexe_ros.inference import accelerator_memory_mb

        statistics, memory = self._scheduler.statistics, accelerator_memory_mb()
        values: dict[str, object] = {
            "waiting": statistics.waiting,
            "running": statistics.running,
            "answered": statistics.answered,
            "failed": statistics.failed,
            "rejected (BUSY)": statistics.rejected,
            "last error": statistics.last_error or "none",
            "GPU memory [MB]": "no GPU" if memory is None else round(memory),
        }
        level = Level.ERROR if statistics.failing else Level.OK
        message = statistics.last_error if statistics.failing else "answering"
        return diagnostic_status(name, level, message, values | latency_values(self._latencies))

    def _camera_status(self, camera: CameraInput) -> DiagnosticStatus:
        name = f"{self._node.get_fully_qualified_name()}: camera {camera.name}".rstrip()
        now_ns = self._node.get_clock().now().nanoseconds
        ahead_s = self._max_age_s()
        return camera_status(name, camera.statistics, now_ns, camera.qos_mismatches, ahead_limit_s=ahead_s)
