"""How long the stages of a query take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from annexe_ros.core import StageLatency


class Stopwatch:
    """Collects the wall time of stages."""

    def __init__(self) -> None:
        self.latencies: list[StageLatency] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as a stage."""
        began = time.perf_counter()
        yield
        self.note(name, time.perf_counter() - began)

    def note(self, name: str, duration_s: float) -> None:
        """Add a stage that was timed elsewhere."""
        self.latencies.append(StageLatency(name, duration_s * 1000))
