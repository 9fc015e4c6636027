"""Many callers beside a 30 Hz 1280x720 RGB-D stream: starts node, camera and callers, and watches the node's memory."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.benchmark.processes import isolated_environment, resident_mb, ros_parameters, running, with_profile
from annexe_ros.benchmark.soak import CallerRecord, LoadFigures, load_figures
from annexe_ros.core.errors import EngineError

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"
PROFILE = ROOT / "config" / "fastdds.xml"
SAMPLING_S = 0.5


@dataclass(frozen=True)
class Load:
    """What a node has to bear.

    Attributes:
        name: of the folder that keeps what the processes wrote.
        engine, model: parameters of the node.
        clients, queries: callers, and calls of each.
    """

    name: str
    engine: str
    model: str
    clients: int = 20
    queries: int = 50


def bear(load: Load, out: Path) -> LoadFigures:
    """Put the load on a node in a ROS domain of its own; raises ``EngineError`` where the trial itself breaks down."""
    folder = out / load.name
    folder.mkdir(parents=True, exist_ok=True)
    arrivals, told = folder / "arrivals.json", folder / "callers.json"
    for old in folder.iterdir():
        old.unlink()
    environment = with_profile(isolated_environment(), PROFILE)
    node_arguments = ["--arrivals", arrivals, *ros_parameters(engine=load.engine, model=load.model)]
    call = ["--clients", load.clients, "--queries", load.queries, "--out", told]
    with (
        running(SCRIPTS / "synthetic_camera.py", ["--depth"], environment, folder / "camera.log"),
        running(SCRIPTS / "soak_node.py", node_arguments, environment, folder / "node.log") as node,
        running(SCRIPTS / "soak_callers.py", call, environment, folder / "callers.log") as callers,
    ):
        samples: list[tuple[int, float]] = []
        while callers.poll() is None and (memory := resident_mb(node.pid)) is not None:
            samples.append((time.monotonic_ns(), memory))
            time.sleep(SAMPLING_S)
    if callers.returncode or node.returncode:
        raise EngineError(f"the load '{load.name}' broke down; see the logs in {folder}")
    return _figures(told, json.loads(arrivals.read_text(encoding="utf-8")), samples)


def _figures(told: Path, arrivals_ns: Sequence[int], samples: Sequence[tuple[int, float]]) -> LoadFigures:
    result = json.loads(told.read_text(encoding="utf-8"))
    began_ns, ended_ns = result["began_ns"], result["ended_ns"]
    memory_mb = [memory for taken_ns, memory in samples if began_ns < taken_ns < ended_ns]
    records = [CallerRecord(**record) for record in result["records"]]
    return load_figures(records, arrivals_ns, memory_mb, began_ns, ended_ns)
