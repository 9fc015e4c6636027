"""Ray for a test: no cluster of somebody else's is joined, and whatever Ray writes or starts is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

END_S = 20.0
RAYS = ("ray::", "-packages/ray/")
"""What is in the commands of Ray's processes: workers call themselves so, the others lie there."""


@contextmanager
def private_ray() -> Iterator[None]:
    """Give every Ray that is started inside a folder of its own, and check that none is left when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="annexe-", dir="/tmp"))  # short: a socket's name has at most 107 bytes
    told = {"RAY_TMPDIR": str(folder), "RAY_USAGE_STATS_ENABLED": "0"}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("RAY_ADDRESS", raising=False)
            for name, value in told.items():
                patch.setenv(name, value)
            yield
    finally:
        left = _those_that_stay()
        for process in left:
            process.kill()
        psutil.wait_procs(left, END_S)
        shutil.rmtree(folder, ignore_errors=True)  # what ends may still write there
    assert not left, f"Ray left {left}"


def processes_of_ray(*names: str) -> list[psutil.Process]:
    """Return the processes that this one has started, at any remove, in whose command there is one of these."""
    ours = psutil.Process().children(recursive=True)
    return [process for process in ours if any(name in _command(process) for name in names)]


def _those_that_stay() -> list[psutil.Process]:
    end = time.monotonic() + END_S
    while (left := processes_of_ray(*RAYS)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
