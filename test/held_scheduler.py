"""A scheduler whose engine and clock only the test moves."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from annexe_ros.core import Frame, Interpretation, PinholeCamera, Progress, Query
from annexe_ros.inference import Scheduler, ScriptedEngine

WAIT_S = 10.0
FRAME = Frame(
    np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32), PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5)
)


class GatedEngine(ScriptedEngine):
    """Lets the test hold each query: it begins, waits for ``gate``, and looks at its progress again."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.seen: list[tuple[Frame, str]] = []

    def interpret(self, frame: Frame, query: Query, progress: Progress | None = None) -> Interpretation:
        self.seen.append((frame, query.text))
        self.begun.release()
        assert self.gate.acquire(timeout=WAIT_S)
        return super().interpret(frame, query, progress)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """A scheduler whose worker the test holds in its hand."""

    engine: GatedEngine = field(default_factory=GatedEngine)
    clock: Clock = field(default_factory=Clock)
    capacity: int = 2

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.engine, self.capacity, self.clock)

    def occupy(self, **options: object) -> Future[Interpretation]:
        future = self.scheduler.submit(FRAME, Query("first"), **options)
        assert self.engine.begun.acquire(timeout=WAIT_S)
        return future

    def release(self, count: int = 1) -> None:
        self.engine.gate.release(count)
