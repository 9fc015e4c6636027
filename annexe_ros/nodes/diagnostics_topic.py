"""The topic ``/diagnostics`` of a node: statuses that others make, published at a fixed pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node


class DiagnosticsTopic:
    """Publishes whatever the state of a lifecycle node is, until it is closed."""

    def __init__(self, node: Node, period_s: float, look: Callable[[], Sequence[DiagnosticStatus]]) -> None:
        """Publish what ``look`` returns, every ``period_s``."""
        self._node, self._look = node, look
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._timer = node.create_timer(period_s, self._publish)

    def close(self) -> None:
        """Stop."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _publish(self) -> None:
        message = DiagnosticArray(status=self._look())
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
