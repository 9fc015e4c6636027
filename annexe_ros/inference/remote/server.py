"""Starts and stops the server: Ray on this machine, or in a cluster that is there already."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from annexe_ros.core.errors import EngineError, MissingDependencyError, ParameterError
from annexe_ros.inference.remote.plan import ServingPlan

APPLICATION = "annexe"
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
OBJECT_STORE_BYTES = 100_000_000
"""Messages go from actor to actor; those over 100 kB lie here while they do."""

QUIET = {"log_level": "WARNING", "enable_access_log": False}
"""Of Serve's actors: a line per query would bury what goes wrong."""

PATIENCE = "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "60"
"""Serve gives its HTTP actor 5 s to start and then begins anew; a small or busy machine needs more for the imports."""

_OWN_WORDS = re.compile(r"annexe_ros\.core\.errors\.\w+: (.+)")


@dataclass(frozen=True)
class Listening:
    """Where the server listens, and in what Ray it runs.

    Attributes:
        host, port: of HTTP; "0.0.0.0" is all of the machine's addresses.
        ray_address: of a cluster, or "auto" for the one of this machine; empty: start one that ends with the server.
        local_cpus: CPUs that a Ray started here may share out; 0: all.
        tls_certificate, tls_key: PEM files for https; empty: http.
        start_limit_s: time for the replicas to load their engines [s].
    """

    host: str = "127.0.0.1"
    port: int = 8000
    ray_address: str = ""
    local_cpus: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    start_limit_s: float = 600.0

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        return f"{'https' if self.tls_certificate else 'http'}://{self.host}:{self.port}"


def check(plan: ServingPlan, listening: Listening) -> None:
    """Raise ``ParameterError`` for a server that would answer the whole network without a token."""
    if not plan.token_digest and listening.host not in LOCAL_HOSTS:
        raise ParameterError(f"a server on {listening.host} needs a token: set --token-env or --token-file")
    if not 1 <= plan.min_replicas <= plan.max_replicas:
        raise ParameterError(f"replicas must be 1 or more, not {plan.min_replicas} to {plan.max_replicas}")
    if bool(listening.tls_certificate) != bool(listening.tls_key):
        raise ParameterError("https needs both a certificate and its key")


@contextmanager
def serving(plan: ServingPlan, listening: Listening) -> Iterator[None]:
    """Serve until the block ends; inside it, queries are answered.

    Raises ``ParameterError`` for a plan that can't be served, ``MissingDependencyError`` without Ray and
    ``EngineError`` where the replicas don't come up.
    """
    check(plan, listening)
    try:
        import ray
        from ray import serve
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"'{error.name}', which serving needs,", "pip install 'annexe-ros[serve]'"
        ) from error
    os.environ.setdefault(*PATIENCE)
    try:
        ray.init(**_cluster(listening))
    except Exception as error:  # Ray raises any kind for a cluster that isn't there or doesn't start
        raise EngineError(f"Ray can't be started or reached: {_one_line(str(error))}") from error
    try:
        _check_room(plan, listening, ray.cluster_resources())
        try:
            _run(serve, plan, listening)
            yield
        finally:
            _end(serve, listening)
    finally:
        ray.shutdown()


def _cluster(listening: Listening) -> dict[str, Any]:
    quiet: dict[str, Any] = {"log_to_driver": True, "logging_level": "warning"}
    if listening.ray_address:
        return quiet | {"address": listening.ray_address}
    store = {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    return quiet | store | {"address": "local", "num_cpus": listening.local_cpus or None}


def _check_room(plan: ServingPlan, listening: Listening, resources: dict[str, float]) -> None:
    """Raise ``ParameterError`` for replicas that a Ray of this machine has no room for: it would wait for ever.

    A cluster may get machines as it needs them.
    """
    for name, share in (("CPU", plan.cpus), ("GPU", plan.gpus)):
        needed, there = plan.min_replicas * share, resources.get(name, 0.0)
        if needed > there and not listening.ray_address:
            raise ParameterError(
                f"{plan.min_replicas} replicas with {share:g} {name} each need {needed:g}, Ray has {there:g} here"
            )


def _run(serve: Any, plan: ServingPlan, listening: Listening) -> None:
    from ray.exceptions import RayError

    from annexe_ros.inference.remote.deployment import application

    http: dict[str, Any] = {"host": listening.host, "port": listening.port}
    if listening.tls_certificate:
        http |= {"ssl_certfile": listening.tls_certificate, "ssl_keyfile": listening.tls_key}

    def start() -> None:
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        serve.start(http_options=http, logging_config=QUIET)
        serve.run(application(plan), name=APPLICATION, logging_config=QUIET)

    try:
        _within(listening.start_limit_s, start)
    except TimeoutError as error:
        why = str(error) or f"it was not ready in {listening.start_limit_s:g} s"
        raise EngineError(f"the server did not come up: {why}") from error
    except RayError as error:  # an actor of Serve's own
        raise EngineError(f"the server did not come up: {_one_line(str(error))}") from error
    except RuntimeError as error:  # Serve's word for an application whose actors fail while they are made
        raise EngineError(f"the server did not come up: {_why(serve) or _one_line(str(error))}") from error


def _why(serve: Any) -> str:
    """Return what kept the replicas from coming up, where Serve knows."""
    application = serve.status().applications.get(APPLICATION)
    told = [deployment.message for deployment in application.deployments.values()] if application else []
    return _one_line("\n".join(filter(None, told)))


def _end(serve: Any, listening: Listening) -> None:
    """Stop serving; in a cluster, what else it serves goes on."""
    if listening.ray_address:
        serve.delete(APPLICATION)
    else:
        serve.shutdown()


def _within(limit_s: float, start: Callable[[], object]) -> None:
    """Call a function that would wait for ever; raises ``TimeoutError``, or what it raises."""
    future: Future[object] = Future()

    def call() -> None:
        try:
            future.set_result(start())
        except Exception as error:  # raised again below, in the thread that waits
            future.set_exception(error)

    Thread(target=call, daemon=True).start()
    future.result(limit_s)


def _one_line(told: str) -> str:
    """Return what went wrong: the last sentence of ours in what Ray says, else all that it says."""
    ours = _OWN_WORDS.findall(told)
    return str(ours[-1]) if ours else " ".join(told.split())
