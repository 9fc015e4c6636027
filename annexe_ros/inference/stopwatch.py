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
        yield
        self.note(name, time.perf_counter())

    def note(self, name: str, ended_s: float) -> None:
        """Add a stage that ended at ``ended_s`` by ``time.perf_counter``; it began when the one before ended."""
        self.latencies.append(StageLatency(name, (ended_s - self._ended) * 1000))
        self._ended = ended_s
