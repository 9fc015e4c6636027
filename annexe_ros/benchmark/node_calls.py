"""What a running node adds to the work of its engine: a client's calls, measured in processes of their own.

Knows no ROS library: node and client are scripts of a checkout.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import annexe_ros
from annexe_ros.benchmark.processes import isolated_environment, ros_parameters, running, with_profile
from annexe_ros.core.errors import EngineError

LIMIT_S = 240.0
"""How long node and client may take in all [s]."""

NOT_MODEL = ("locate",)
"""Stages of an answer that are geometry: no model runs in them."""


@dataclass(frozen=True)
class NodeFigures:
    """Medians of a client's calls, each about a frame that the node had not seen.

    Attributes:
        call_ms: from the call to the response, about the camera's newest frame [ms].
        stamp_to_response_ms: from an image's stamp to the response, the image being in the request [ms].
        overhead_ms: what of ``call_ms`` isn't the engine's [ms].
        overhead_share: that as a share of ``call_ms``.
        locate_ms: what finding places in space adds where it is wanted [ms].
        follow_up_ms: from the call to the response, about a frame that was asked about before [ms].
        message_ms: making an answer's messages [ms], part of the overhead.
        round_trip_ms: from a call that the node refuses at once to the response [ms]: what of the overhead is ROS's.
        memory_mb: resident memory of the node [MB].
    """

    call_ms: float
    stamp_to_response_ms: float
    overhead_ms: float
    overhead_share: float
    locate_ms: float
    follow_up_ms: float
    message_ms: float
    round_trip_ms: float
    memory_mb: float | None


def checkout() -> Path | None:
    """Return the checkout that this package is used from, with its scripts; None where it was installed."""
    root = Path(annexe_ros.__file__).resolve().parents[1]
    return root if (root / "scripts" / "bench_calls.py").is_file() else None


def measure_node(root: Path, model: str | Path, device: str, size: tuple[int, int], calls: int) -> NodeFigures:
    """Start the node of a checkout and a client beside it; raises ``EngineError`` where they don't get through."""
    environment = with_profile(isolated_environment(), root / "config" / "fastdds.xml")
    with tempfile.TemporaryDirectory() as folder:
        out, log, told = Path(folder, "calls.json"), Path(folder, "node.txt"), Path(folder, "client.txt")
        node = ros_parameters(engine="annexe", model=model, device=device, max_frame_age=60.0)
        words = ["--width", size[0], "--height", size[1], "--calls", calls, "--out", out]
        with (
            running(root / "scripts" / "perception_node", node, environment, log) as process,
            running(root / "scripts" / "bench_calls.py", [*words, "--node", process.pid], environment, told) as client,
        ):
            _wait_for(client)
        if not out.is_file():
            raise EngineError(
                f"the node could not be measured: {_last_line(told) or _last_line(log) or 'it told nothing'}"
            )
        return node_figures(json.loads(out.read_text(encoding="utf-8")))


def node_figures(told: Mapping[str, Any]) -> NodeFigures:
    """Return the figures of what the client wrote: calls with ``latency_ms`` and ``stages_ms`` by kind of call."""
    newest = told["newest"]
    overheads = [call["latency_ms"] - _engine_ms(call) for call in newest]
    shares = [overhead / call["latency_ms"] for overhead, call in zip(overheads, newest, strict=True)]
    return NodeFigures(
        call_ms=_latency(newest),
        stamp_to_response_ms=_latency(told["own_image"]),
        overhead_ms=median(overheads),
        overhead_share=median(shares),
        locate_ms=median(call["stages_ms"].get(NOT_MODEL[0], 0.0) for call in told["located"]),
        follow_up_ms=_latency(told["follow_up"]),
        message_ms=told["message_ms"],
        round_trip_ms=_latency(told["refused"]),
        memory_mb=told["memory_mb"],
    )


def _engine_ms(call: Mapping[str, Any]) -> float:
    return sum(ms for stage, ms in call["stages_ms"].items() if stage not in NOT_MODEL)


def _latency(calls: Sequence[Mapping[str, Any]]) -> float:
    return median(call["latency_ms"] for call in calls)


def _wait_for(client: subprocess.Popen[bytes]) -> None:
    try:
        client.wait(LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"the node could not be measured: its calls took more than {LIMIT_S:.0f} s") from error


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
