"""The action ``~/stream_query``: a query whose text reaches the caller as it is generated, and that can be cancelled.

Knows neither cameras nor engines: it hands each goal on and tells the caller how it went.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from annexe_ros.action import StreamEgoQuery
from annexe_ros.core import Progress, Stage
from annexe_ros.core.texts import encodable
from annexe_ros.ros import qos
from annexe_ros.ros.replies import reported_in

STAGES = {
    Stage.ANALYSE: StreamEgoQuery.Feedback.ANALYSE,
    Stage.ANSWER: StreamEgoQuery.Feedback.ANSWER,
    Stage.GROUND: StreamEgoQuery.Feedback.GROUND,
}

RESULT_KEPT_S = 30
"""How long a finished goal is held for its caller, with the images that it came with (rclpy: 15 minutes)."""

Answer = Callable[[Any, Any, Progress], Awaitable[None]]
"""Fills in a result (second) for a goal (first) and raises what goes wrong."""


class StreamingServer:
    """Serves the action; every goal is accepted and ends with a status, the ones that find no place with BUSY."""

    def __init__(self, node: Node, answer: Answer) -> None:
        """Advertise the action of ``node``, whose goals ``answer`` works on."""
        self._node, self._answer = node, answer
        self._server = ActionServer(
            node,
            StreamEgoQuery,
            "~/stream_query",
            self._execute,
            callback_group=ReentrantCallbackGroup(),
            result_timeout=RESULT_KEPT_S,
            goal_service_qos_profile=qos.calls(),
            result_service_qos_profile=qos.calls(),
            cancel_service_qos_profile=qos.calls(),
            feedback_pub_qos_profile=qos.calls(),  # tokens come faster than a caller may read them
            cancel_callback=lambda _: CancelResponse.ACCEPT,  # rclpy's own rejects
        )

    async def _execute(self, goal: ServerGoalHandle) -> StreamEgoQuery.Result:
        result = StreamEgoQuery.Result()
        feedback = _Feedback(goal)
        with reported_in(result, self._node.get_logger()):
            await self._answer(goal.request, result, Progress(feedback.tell, lambda: goal.is_cancel_requested))
        if result.success:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result

    def close(self) -> None:
        """Withdraw the action."""
        self._server.destroy()


class _Feedback:
    """Tells a goal's caller stage and text; called from the scheduler's thread.

    Each message has the whole text of its stage: DDS may lose one that is sent before caller and node have matched.
    """

    def __init__(self, goal: ServerGoalHandle) -> None:
        self._goal = goal
        self._stage, self._text = Stage.ANALYSE, ""

    def tell(self, stage: Stage, new_text: str) -> None:
        """Send what is new; without text a stage begins."""
        self._text = self._text + new_text if stage is self._stage else new_text
        self._stage = stage
        new, whole = encodable(new_text), encodable(self._text)
        self._goal.publish_feedback(StreamEgoQuery.Feedback(stage=STAGES[stage], text_delta=new, text=whole))
