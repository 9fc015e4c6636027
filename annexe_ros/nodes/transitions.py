"""Lets a lifecycle node outlive a request for a transition that its state doesn't have, e.g. to activate it twice."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode


def refuse_impossible_transitions(node: LifecycleNode) -> None:
    """Answer such a request with ``success=false``; rclpy 7.1 raises instead, and that ends the node's executor."""
    (service,) = (service for service in node.services if service.srv_name.endswith("/change_state"))
    change = service.callback

    def change_or_refuse(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        except RuntimeError as error:  # what rclpy raises for all it can't do; what a transition raises it catches
            node.get_logger().warning(f"no transition: {error}")
            response.success = False
            return response

    service.callback = change_or_refuse
