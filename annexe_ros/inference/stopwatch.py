"""How long the stages of a query take; what lies between two of them belongs to the later one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from annexe_ros.core import StageLatency


class Stopwatch:
    """Collects the wall time of stages, which follow each other without a gap: together they are the query's time."""

    def __init__(self) -> None:
        self.latencies: list[StageLatency] = []
        self._ended = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block, and what came before it since the last stage, as a stage."""
        began = self._ended
        yield
        self.note(name, time.perf_counter() - began)

    def note(self, name: str, duration_s: float) -> None:
        """Add a stage that was timed elsewhere and ends now."""
        self.latencies.append(StageLatency(name, duration_s * 1000))
        self._ended = time.perf_counter()
