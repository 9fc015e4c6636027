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

END_S = 30.0


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
        end = time.monotonic() + END_S
        while (left := processes_of_ray()) and time.monotonic() < end:
            time.sleep(0.1)
        assert not left, f"Ray left {left}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def processes_of_ray(name: str = "ray") -> list[psutil.Process]:
    """Return the processes that this one has started, at any remove, in whose command there is ``name``."""
    return [process for process in psutil.Process().children(recursive=True) if name in _command(process)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
