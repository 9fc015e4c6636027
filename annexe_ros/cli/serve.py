"""``annexe serve``: an engine for machines that have no GPU of their own."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.engine import DEFAULT_DTYPE, DEFAULT_ENGINE, DeviceOption, DtypeOption, EngineOption, ModelOption
from annexe_ros.cli.terminal import working


def serve(
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for all, which needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    replicas: Annotated[
        int, typer.Option(min=1, help="Engines side by side; the least where --max-replicas is more.")
    ] = 1,
    max_replicas: Annotated[int | None, typer.Option(min=1, help="Up to how many follow the load.")] = None,
    max_batch: Annotated[int, typer.Option(min=1, help="Queries that a replica takes at a time.")] = 4,
    batch_wait: Annotated[float, typer.Option(min=0.0, help="Wait for others to share a batch with [s].")] = 0.01,
    cpus: Annotated[float, typer.Option(min=0.0, help="CPUs set aside for a replica.")] = 1.0,
    gpus: Annotated[float, typer.Option(min=0.0, help="GPUs set aside for a replica, e.g. 0.5.")] = 0.0,
    per_robot: Annotated[int, typer.Option(min=1, help="Queries of one robot that may wait.")] = 32,
    max_waiting: Annotated[int, typer.Option(min=1, help="Queries of all robots that may wait.")] = 256,
    max_megabytes: Annotated[float, typer.Option(min=0.1, help="Size of a query.")] = 32.0,
    max_megapixels: Annotated[float, typer.Option(min=0.01, help="Size of an image.")] = 16.0,
    token_env: Annotated[str, typer.Option(help="Environment variable that holds the token.")] = "",
    token_file: Annotated[str, typer.Option(help="File that holds the token.")] = "",
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file, for https.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file, for https.")] = None,
    ray_address: Annotated[str, typer.Option(help="A Ray cluster to serve in, or auto; else one starts here.")] = "",
    local_cpus: Annotated[int, typer.Option(min=0, help="CPUs of a Ray that starts here; 0: all.")] = 0,
    start_limit: Annotated[float, typer.Option(min=1.0, help="Time for the engines to load [s].")] = 600.0,
) -> None:
    """Serve an engine by HTTP for nodes with the engine 'remote', until interrupted.

    Robots take turns, a query of a replica that dies goes to another one, and a token keeps strangers out.
    """
    with working():
        from annexe_ros.inference.remote.gate import Limits, digest
        from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
        from annexe_ros.inference.remote.server import Listening, serving
        from annexe_ros.inference.remote.settings import read_token
        from annexe_ros.inference.resolve import DEFAULT_MODEL

        plan = ServingPlan(
            engine=EngineChoice(engine, model or DEFAULT_MODEL, device, dtype),
            min_replicas=replicas,
            max_replicas=max_replicas or replicas,
            max_batch=max_batch,
            batch_wait_s=batch_wait,
            cpus=cpus,
            gpus=gpus,
            token_digest=digest(read_token(token_env, token_file)),
            limits=Limits(int(max_megabytes * 2**20), int(max_megapixels * 1e6), max_waiting, per_robot),
        )
        certificate, key = str(tls_certificate or ""), str(tls_key or "")
        listening = Listening(host, port, ray_address, local_cpus, certificate, key, start_limit)
        with serving(plan, listening):
            typer.echo(f"serving on {listening.url}; stop with Ctrl+C", err=True)
            _wait_for_the_end()


def _wait_for_the_end() -> None:
    """Wait for Ctrl+C or what a service manager sends; a shell lets what it starts in the background ignore SIGINT."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        signal.pause()
