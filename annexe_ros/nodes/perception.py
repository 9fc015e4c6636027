"""The lifecycle node ``annexe``: watches head cameras and answers questions about what the hands do.

Configuring loads the engine; activating subscribes to the cameras and serves. Services and action exist from the start,
so that a caller is told why the node doesn't serve. Callbacks are few and short: inference runs in the scheduler's
thread, and a query awaits its answer without holding up the executor. This file wires; it knows no model and no
encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import SetBool

from annexe_ros.core import DeviceHolder, Progress
from annexe_ros.core.errors import NotActiveError
from annexe_ros.nodes.limits import Limits
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.nodes.staged import StagedNode
from annexe_ros.nodes.streaming import StreamingServer
from annexe_ros.ros import qos
from annexe_ros.ros.replies import reported_in
from annexe_ros.srv import EgoQuery

if TYPE_CHECKING:
    from annexe_ros.nodes.equipment import Equipment
    from annexe_ros.nodes.serving import Serving
    from annexe_ros.nodes.standing import StandingQuery

SERVICE, STREAM, STANDING = "service", "stream", "standing query"
"""Who asks; they take turns."""


class PerceptionNode(StagedNode[PerceptionParameters]):
    """Services ``~/query``, ``~/enable``, action ``~/stream_query``; topics in ``CameraInput`` and ``AnswerOutput``."""

    def __init__(self, **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__("annexe", PerceptionParameters, **options)
        self._equipment: Equipment | None = None
        self._serving: Serving | None = None
        self._standing: StandingQuery | None = None
        self._enabled = True
        self._query = self.create_service(
            EgoQuery, "~/query", self._on_query, qos_profile=qos.calls(), callback_group=ReentrantCallbackGroup()
        )
        self._stream = StreamingServer(self, partial(self._answer, STREAM))
        self.create_service(SetBool, "~/enable", self._on_enable)

    def destroy_node(self) -> None:
        """Tell waiting callers why nobody answers, then go."""
        self._undone("end", self._deactivate, self._cleanup)
        self._stream.close()
        super().destroy_node()

    def _configure(self) -> None:
        from annexe_ros.nodes.equipment import Equipment

        values = self._settings.read()
        self.get_logger().info(f"loading engine '{values.engine}', model '{values.model}'")
        self._equipment = Equipment.made_for(self, values, lambda: self._why_inactive)

    def _cleanup(self) -> None:
        equipment, self._equipment = self._equipment, None
        if equipment is not None:
            equipment.close()

    def _activate(self) -> None:
        from annexe_ros.nodes.serving import Serving
        from annexe_ros.nodes.standing import StandingQuery

        if self._equipment is None:
            raise NotActiveError(self._why_inactive)
        engine, values = self._equipment.engine, self._settings.read()
        if isinstance(engine, DeviceHolder):
            engine.claim_device()
        self._serving = Serving(self, self._equipment, values, wake=self._wake, later=self._later)
        self._standing = StandingQuery(self, self._settings.read, self._serving, self._ask_standing)
        self.get_logger().info(f"{engine.engine} ({engine.model}) answers at {self._query.service_name}")

    def _deactivate(self) -> None:
        if self._standing is not None:
            self._standing.close()
        serving, self._serving, self._standing = self._serving, None, None
        if serving is not None:
            serving.close()
        if self._equipment is not None and isinstance(self._equipment.engine, DeviceHolder):
            self._equipment.engine.release_device()

    def _wake(self) -> None:
        if self.executor is not None:
            self.executor.wake()

    def _later(self, work: Callable[[], None]) -> None:
        if self.executor is not None:
            self.executor.create_task(work)

    async def _on_query(
        self, request: EgoQuery.Request, response: EgoQuery.Response, caller: str = SERVICE
    ) -> EgoQuery.Response:
        with reported_in(response, self.get_logger()):
            await self._answer(caller, request, response, Progress())
        return response

    async def _ask_standing(self, request: EgoQuery.Request) -> EgoQuery.Response:
        return await self._on_query(request, EgoQuery.Response(), STANDING)

    async def _answer(self, caller: str, request: Any, response: Any, progress: Progress) -> None:
        """Fill in a response of the service, or a result of the action; raises what goes wrong."""
        if self._serving is None:
            raise NotActiveError(f"the node is not active: {self._why_inactive}")
        if not self._enabled:
            raise NotActiveError("the node is disabled; call ~/enable with true")
        values = self._settings.read()
        limits = Limits(values.max_frame_age, values.query_timeout, values.target_frame)
        await self._serving.answer(request, response, limits, caller, progress)

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        response.success, response.message = True, "enabled" if request.data else "disabled"
        return response


def main() -> int:
    """Run the node until it is interrupted."""
    return spin_until_shutdown(PerceptionNode)
