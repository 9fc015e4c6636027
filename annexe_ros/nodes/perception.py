"""The lifecycle node ``annexe``: watches a head camera and answers questions about what the hands do.

Configuring loads the engine; activating subscribes to the camera and serves. The services exist from the start, so that
a caller is told why the node doesn't serve. Callbacks are few and short: inference runs in the scheduler's thread, and
a query awaits its answer without holding up the executor. This file wires; it knows no model and no encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool

from annexe_ros.core.errors import NotActiveError
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros.parameters import NodeParameters
from annexe_ros.ros.replies import CallOutcome, reported_in
from annexe_ros.srv import EgoQuery

if TYPE_CHECKING:
    from annexe_ros.core import Interpreter
    from annexe_ros.nodes.answer_output import AnswerOutput
    from annexe_ros.nodes.serving import Serving

ONLY_CAMERA = ""
"""A single camera needs no name: its topics have no prefix."""


class PerceptionNode(LifecycleNode):
    """Services ``~/query`` and ``~/enable``; topics in ``CameraInput`` and ``AnswerOutput``."""

    def __init__(self, **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__("annexe", automatically_declare_parameters_from_overrides=True, **options)
        self._settings = NodeParameters(self, PerceptionParameters)
        self._engine: Interpreter | None = None
        self._output: AnswerOutput | None = None
        self._serving: Serving | None = None
        self._enabled, self._why_inactive = True, "it was not configured yet"
        self._query = self.create_service(EgoQuery, "~/query", self._on_query, callback_group=ReentrantCallbackGroup())
        self.create_service(SetBool, "~/enable", self._on_enable)
        if self._settings.read().autostart:
            self._starter = self.create_timer(0.0, self._start)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the engine and advertise the answers."""
        return self._transition("configure", self._configure, undo=self._cleanup)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera and serve."""
        done = self._transition("activate", self._activate, undo=self._deactivate)
        return super().on_activate(state) if done is TransitionCallbackReturn.SUCCESS else done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop serving; waiting queries are told so."""
        self._deactivate()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the engine's memory back."""
        self._cleanup()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and give everything back, in whatever state the node is."""
        self._deactivate()
        self._cleanup()
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Give everything back before the node goes."""
        self._deactivate()
        self._cleanup()
        super().destroy_node()

    def _start(self) -> None:
        self.destroy_timer(self._starter)
        if self.trigger_configure() is TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _transition(self, name: str, step: Callable[[], None], undo: Callable[[], None]) -> TransitionCallbackReturn:
        """Take a step; where it fails, say why in one sentence and leave nothing behind."""
        outcome = CallOutcome()
        with reported_in(outcome, self.get_logger()):
            step()
        if outcome.success:
            return TransitionCallbackReturn.SUCCESS
        undo()
        self._why_inactive = outcome.message
        if self.context.ok():
            self.get_logger().error(f"can't {name}: {outcome.message}")
        return TransitionCallbackReturn.FAILURE

    def _configure(self) -> None:
        from annexe_ros.inference import create_engine
        from annexe_ros.nodes.answer_output import AnswerOutput

        self._settings.check()
        values = self._settings.read()
        self.get_logger().info(f"loading engine '{values.engine}', model '{values.model}'")
        self._engine = create_engine(values.engine, values.model, values.device)
        self._engine.warm_up()
        if not self.context.ok():
            raise NotActiveError("the node was interrupted while it loaded its engine")
        self._output = AnswerOutput(self)
        self._why_inactive = "it is configured but not activated"

    def _cleanup(self) -> None:
        if self._output is not None:
            self._output.close()
        if self._engine is not None:
            self._engine.close()
            self._why_inactive = "it is not configured"
        self._output = self._engine = None

    def _activate(self) -> None:
        from annexe_ros.inference import Mailbox, Scheduler
        from annexe_ros.nodes.camera_input import CameraInput
        from annexe_ros.nodes.serving import Serving

        if self._engine is None or self._output is None:
            raise NotActiveError(self._why_inactive)
        values = self._settings.read()
        camera = CameraInput(
            self,
            Mailbox(ONLY_CAMERA),
            ONLY_CAMERA,
            slop_s=values.sync_slop,
            queue_size=values.sync_queue_size,
            rectified=values.rectified,
        )
        scheduler = Scheduler(self._engine, values.queue_capacity)
        self._serving = Serving(scheduler, [camera], self._output, wake=self._wake)
        self.get_logger().info(f"{self._engine.engine} ({self._engine.model}) answers at {self._query.service_name}")

    def _deactivate(self) -> None:
        if self._serving is not None:
            self._serving.close()
            self._why_inactive = "it was deactivated"
        self._serving = None

    def _wake(self) -> None:
        if self.executor is not None:
            self.executor.wake()

    async def _on_query(self, request: EgoQuery.Request, response: EgoQuery.Response) -> EgoQuery.Response:
        with reported_in(response, self.get_logger()):
            if self._serving is None:
                raise NotActiveError(f"the node is not active: {self._why_inactive}")
            if not self._enabled:
                raise NotActiveError("the node is disabled; call ~/enable with true")
            values = self._settings.read()
            await self._serving.answer(
                request, response, max_age_s=values.max_frame_age, timeout_s=values.query_timeout
            )
        return response

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        response.success, response.message = True, "enabled" if request.data else "disabled"
        return response


def main() -> int:
    """Run the node until it is interrupted."""
    return spin_until_shutdown(PerceptionNode)
