"""The server: an ``Interpreter`` as an application of Ray Serve.

Two kinds of actors. One *door* speaks HTTP: it looks at token and size, lets robots take turns, and asks again when the
replica that had a query is gone. *Replicas* have an engine each; queries that reach one at the same time are answered
in batches where its engine takes batches, else one after the other. Ray restarts whatever dies. A query changes
nothing, so asking twice is harmless.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ray import serve
from ray.exceptions import RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from annexe_ros.core.errors import AnnexeError, CancelledError, EngineError, QueryTimeoutError
from annexe_ros.inference.engines import load_engine
from annexe_ros.inference.remote.engine import DESCRIBE, INTERPRET
from annexe_ros.inference.remote.fair_queue import FairQueue
from annexe_ros.inference.remote.gate import Gate, Refusal
from annexe_ros.inference.remote.plan import ServingPlan
from annexe_ros.inference.remote.wire import CONTENT_TYPE, query_facts
from annexe_ros.inference.remote.work import Job, Outcome, Worker

if TYPE_CHECKING:
    from ray.serve.deployment import Application

DESCRIBE_LIMIT_S = 30.0
PAUSE_AFTER_LOSS_S = 0.2
HEALTH_PERIOD_S = 2.0
"""Time between Ray's looks whether a replica lives [s]; a dead one gets a successor after the next look."""

STARTS = 3
"""So often a replica may fail to load its engine before it is said that it can't."""

PACE = {"upscale_delay_s": 5.0, "downscale_delay_s": 120.0, "look_back_period_s": 12.0}
"""Ray waits half a minute before it adds a replica, and a robot as long as that; engines take long to load, so that
they are given up late."""


class EngineReplica:
    """One engine, and the jobs that it has."""

    def __init__(self, plan: ServingPlan) -> None:
        """Make the engine; the replica is ready once it is warm."""
        interpreter = load_engine(plan.engine.kind, plan.engine.model, plan.engine.device, plan.engine.dtype)
        self._worker = Worker(interpreter, plan.limits.max_pixels)
        self._thread = ThreadPoolExecutor(1, "annexe-engine")
        self._together.set_max_batch_size(plan.max_batch)  # type: ignore[attr-defined]
        self._together.set_batch_wait_timeout_s(plan.batch_wait_s)  # type: ignore[attr-defined]

    async def describe(self) -> dict[str, Any]:
        """Tell what is served."""
        interpreter = self._worker.interpreter
        return {"engine": interpreter.engine, "model": interpreter.model, "batches": self._worker.takes_batches}

    async def interpret(self, message: bytes, timeout_s: float) -> Outcome:
        """Answer one query; when Ray cancels this call, the engine is told to stop."""
        job = Job.starting(message, timeout_s)
        try:
            if self._worker.takes_batches:
                return await self._together(job)
            return (await self._answer([job]))[0]
        except asyncio.CancelledError:
            job.abandoned.set()
            raise

    @serve.batch
    async def _together(self, jobs: list[Job]) -> list[Outcome]:
        return await self._answer(jobs)

    async def _answer(self, jobs: list[Job]) -> list[Outcome]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._worker.answer, jobs)


class Door:
    """What speaks HTTP: ``POST /interpret`` with a message of ``wire``, ``GET /describe``."""

    def __init__(self, plan: ServingPlan, replicas: DeploymentHandle) -> None:
        self._plan, self._replicas = plan, replicas
        self._gate = Gate(plan.token_digest, plan.limits.max_request_bytes)
        self._queue = FairQueue(plan.max_replicas * plan.max_batch, plan.limits.capacity, plan.limits.per_robot)

    async def __call__(self, request: Request) -> Response:
        """Answer a request; whatever is wrong with it is told in one sentence."""
        refusal = self._gate.refusal(request.headers)
        if refusal is None:
            try:
                return await self._answer(request)
            except AnnexeError as error:
                refusal = Refusal.of(error)
        return Response(refusal.body, refusal.http_status, media_type="application/json")

    async def _answer(self, request: Request) -> Response:
        match request.method, request.url.path:
            case "POST", path if path == INTERPRET:
                status, body = await self._interpret(request)
            case "GET", path if path == DESCRIBE:
                description = await self._persistently("describe", limit_s=DESCRIBE_LIMIT_S)
                status, body = 200, json.dumps(description).encode()
            case method, path:
                refusal = Refusal.saying(404, f"there is no {method} {path}; there are POST /interpret, GET /describe")
                status, body = refusal.http_status, refusal.body
        json_or_message = CONTENT_TYPE if (status, request.url.path) == (200, INTERPRET) else "application/json"
        return Response(body, status, media_type=json_or_message)

    async def _interpret(self, request: Request) -> Outcome:
        message = await self._read(request)
        if isinstance(message, Refusal):
            return message.http_status, message.body
        robot, timeout_s = query_facts(message)
        try:
            async with asyncio.timeout(timeout_s), self._queue.turn(robot):
                return await self._persistently("interpret", message, timeout_s, limit_s=timeout_s)
        except TimeoutError:
            raise QueryTimeoutError(timeout_s) from None

    async def _read(self, request: Request) -> bytes | Refusal:
        """Return the body, read no further than the limit: its declared length may be missing or false."""
        message = bytearray()
        try:
            async for piece in request.stream():
                message += piece
                if refusal := self._gate.too_large(len(message)):
                    return refusal
        except ClientDisconnect:
            raise CancelledError from None
        return bytes(message)

    async def _persistently(self, method: str, *arguments: Any, limit_s: float) -> Any:
        """Call a replica, and another one when that one is lost before it has answered."""
        why = ""
        for _ in range(max(1, int(limit_s / PAUSE_AFTER_LOSS_S))):
            try:
                return await getattr(self._replicas, method).remote(*arguments)
            except (RayActorError, BackPressureError, DeploymentUnavailableError) as error:
                why = type(error).__name__
            await asyncio.sleep(PAUSE_AFTER_LOSS_S)
        raise EngineError(f"no replica of the server could answer ({why})")


def application(plan: ServingPlan) -> Application:
    """Return the application, for ``serve.run``."""
    replicas = serve.deployment(
        max_ongoing_requests=plan.max_batch * 2,
        health_check_period_s=HEALTH_PERIOD_S,
        max_constructor_retry_count=STARTS,
        ray_actor_options={"num_cpus": plan.cpus, "num_gpus": plan.gpus},
        **_scaling(plan),
    )(EngineReplica).bind(plan)
    capacity = plan.limits.capacity + plan.max_replicas * plan.max_batch + 1
    door = serve.deployment(
        max_ongoing_requests=capacity, health_check_period_s=HEALTH_PERIOD_S, ray_actor_options={"num_cpus": 0}
    )(Door)
    return door.bind(plan, replicas)


def _scaling(plan: ServingPlan) -> dict[str, Any]:
    """Return Ray's options for the number of replicas, which follows the queries that wait or are worked on."""
    if plan.min_replicas == plan.max_replicas:
        return {"num_replicas": plan.max_replicas}
    bounds = {"min_replicas": plan.min_replicas, "max_replicas": plan.max_replicas}
    return {"autoscaling_config": {**bounds, **PACE, "target_ongoing_requests": plan.max_batch}}
