"""Starts the processes that a trial or a demo needs, apart from all others, and ends those and no others.

It knows no ROS library: a node is a command line, its domain and its transport are environment variables.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from annexe_ros.benchmark.domains import reserve_domain

GRACE_S = 30
"""Time for a process to end by itself once it is asked to [s]."""

PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

Environment = Mapping[str, str]


def isolated_environment() -> dict[str, str]:
    """Return this process's environment with a ROS domain of its own, on this machine only.

    Each call has another domain, so that no trial hears the end of one before it. Raises ``EngineError`` as
    ``reserve_domain`` does.
    """
    return {**os.environ, "ROS_DOMAIN_ID": str(reserve_domain()), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


def with_profile(environment: Environment, profile: Path | None) -> dict[str, str]:
    """Return the environment with that Fast DDS profile; with None, with Fast DDS as it is by default."""
    others = {name: value for name, value in environment.items() if name not in PROFILE_VARIABLES}
    return others | ({PROFILE_VARIABLES[0]: str(profile)} if profile else {})


def ros_parameters(**values: object) -> list[str]:
    """Return the arguments that give a node its parameters; true and false are written as YAML has them."""
    written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}
    return ["--ros-args", *(word for name, value in written.items() for word in ("-p", f"{name}:={value}"))]


@contextmanager
def running(
    script: Path, arguments: Sequence[object], environment: Environment, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python script for as long as the block lasts; its output is added to ``log``."""
    with log.open("ab") if log else nullcontext() as output:
        process = subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)],
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end our processes in order
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it where it doesn't."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(request)
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                continue


def remove_abandoned_memory() -> None:
    """Remove the shared memory that killed Fast DDS processes left behind; what a living one uses is locked."""
    if tool := shutil.which("fastdds"):
        subprocess.run([tool, "shm", "clean"], stdout=subprocess.DEVNULL, check=False)


def resident_mb(pid: int) -> float | None:
    """Return the memory that a process holds [MB] (Linux), or None when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    pages = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(pages[0]) * 1024 / 1e6 if pages else None
