"""Lets a node outlive a request to set a parameter to a value of a type that ROS doesn't have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.node import Node
from rclpy.parameter import Parameter

TYPES = frozenset(kind.value for kind in Parameter.Type)


def refuse_unknown_types(node: Node) -> None:
    """Answer such a request with ``successful=false``; rclpy 7.1 raises instead, and that ends the node's executor."""
    for service in node.services:
        if service.srv_type is SetParameters:
            service.callback = partial(_set_each, service.callback)
        elif service.srv_type is SetParametersAtomically:
            service.callback = partial(_set_all, service.callback)


def _set_each(change: Callable[..., Any], request: Any, response: Any) -> Any:
    for message in request.parameters:
        refusal = _refusal([message])
        if refusal is None:
            change(SetParameters.Request(parameters=[message]), response)
        else:
            response.results.append(refusal)
    return response


def _set_all(change: Callable[..., Any], request: Any, response: Any) -> Any:
    refusal = _refusal(request.parameters)
    if refusal is None:
        return change(request, response)
    response.result = refusal
    return response


def _refusal(messages: Iterable[ParameterMessage]) -> SetParametersResult | None:
    """Return the refusal of the values whose type is unknown; None: there are none."""
    sentences = [
        f"parameter '{message.name}' has a value of the unknown type {message.value.type}"
        for message in messages
        if message.value.type not in TYPES
    ]
    return SetParametersResult(successful=False, reason="; ".join(sentences)) if sentences else None
