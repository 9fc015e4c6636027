"""``/diagnostics`` of what looks at windows of images: what became of the images, and of the windows made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from annexe_ros.core.event import InteractionEvent
from annexe_ros.nodes.colour_input import ColourInput
from annexe_ros.nodes.diagnostics_topic import DiagnosticsTopic
from annexe_ros.ros.diagnostics import Level, camera_status, diagnostic_status, latency_values

if TYPE_CHECKING:
    from annexe_ros.video.live import ClipFeed

LATENCIES_KEPT = 256
SENTENCES = {
    "filling": "waiting for a window of images",
    "gap": "the newest images have a gap that is too long",
    "whole": "recognising",
}
"""By the values of ``video.window.Coverage``."""


class RecognitionHealth:
    """Publishes diagnostics of the node, whatever its state. Windows may be noted from any one thread."""

    def __init__(self, node: Node, period_s: float, why_inactive: Callable[[], str]) -> None:
        """Publish every ``period_s``; ``why_inactive`` tells why nothing is recognised, where nothing is."""
        self._node, self._why_inactive = node, why_inactive
        self._published = self._abstained = self._failed = 0
        self._last, self._error = "none", ""
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._feed: ClipFeed | None = None
        self._camera: ColourInput | None = None
        self._topic = DiagnosticsTopic(node, period_s, self._statuses)

    def watch(self, feed: ClipFeed | None, camera: ColourInput | None) -> None:
        """Look at these from now on; None: the node doesn't recognise."""
        self._feed, self._camera = feed, camera

    def note(self, event: InteractionEvent, published: bool, duration_ms: float) -> None:
        """Count a window that was recognised."""
        told = f"{event.phrase} (score {event.score:.2f}, margin {event.margin:.3f} over: {event.rival})"
        self.note_window(told, published, duration_ms)

    def note_window(self, told: str, published: bool, duration_ms: float) -> None:
        """Count a window, of which ``told`` says in words what it was recognised as."""
        self._published += published
        self._abstained += not published
        self._last, self._error = told, ""
        self._latencies.append(duration_ms)

    def note_failure(self, sentence: str) -> None:
        """Count a window on which the encoder failed."""
        self._failed += 1
        self._error = sentence

    def close(self) -> None:
        """Stop."""
        self._topic.close()

    def _statuses(self) -> list[DiagnosticStatus]:
        name = self._node.get_fully_qualified_name()
        if self._feed is None or self._camera is None:
            return [diagnostic_status(f"{name}: recognising", Level.WARN, f"not active: {self._why_inactive()}", {})]
        now_ns = self._node.get_clock().now().nanoseconds
        camera = camera_status(
            f"{name}: camera", self._camera.statistics, now_ns, self._camera.qos_mismatches, with_depth=False
        )
        return [self._recognising(name, self._feed), camera]

    def _recognising(self, name: str, feed: ClipFeed) -> DiagnosticStatus:
        statistics = feed.statistics
        values: dict[str, object] = {
            "windows recognised": statistics.handed_on,
            "windows with a gap": statistics.gaps,
            "windows left out while busy": statistics.skipped,
            "images out of order": statistics.out_of_order,
            "events published": self._published,
            "events abstained from": self._abstained,
            "failures": self._failed,
            "last window": self._last,
            **latency_values({"recognise": self._latencies}),
        }
        if self._error:
            return diagnostic_status(f"{name}: recognising", Level.ERROR, self._error, values)
        level = Level.WARN if statistics.coverage == "gap" else Level.OK
        return diagnostic_status(f"{name}: recognising", level, SENTENCES[statistics.coverage], values)
