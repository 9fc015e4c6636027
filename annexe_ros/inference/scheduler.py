"""One thread that works through a bounded queue of queries, so that an engine is never called twice at once.

A query's frame is asked for when work on it begins, never when it is queued: a query that waited is answered for the
newest view. The scheduler knows no clock but a monotonic one, no camera and no message. Whatever an engine raises ends
up, as it is, in that query's future: telling it to a caller is the business of whoever holds the future.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from annexe_ros.core import Frame, Interpretation, Interpreter, Progress, Query, StageLatency
from annexe_ros.core.errors import (
    AnnexeError,
    BusyError,
    CancelledError,
    EngineError,
    NotActiveError,
    QueryTimeoutError,
)
from annexe_ros.core.geometry import locate

LOCATE_STAGE = "locate"
DURATIONS_KEPT = 256
CALLERS_KEPT = 1024
CALLERS_DOING = CancelledError, NotActiveError
"""How queries end without a fault of anybody."""
CLOSED_SENTENCE = "answering was stopped before this query had its turn"


@dataclass(frozen=True)
class SchedulerStatistics:
    """What happened so far.

    Attributes:
        waiting: queries in the queue.
        running: one is being worked on.
        answered: queries that ended with an interpretation.
        failed: queries that ended with an error, cancelled and late ones included.
        rejected: queries that found the queue full.
        last_error: what the last query that failed by a fault of the engine or of its frame was told; empty: none yet.
        failing: the last finished query failed by a fault of the engine.
        durations_s: working times of the latest queries [s], oldest first, without their time in the queue.
    """

    waiting: int
    running: bool
    answered: int
    failed: int
    rejected: int
    last_error: str
    failing: bool
    durations_s: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _Job:
    """One query on its way; ``deadline`` is in the scheduler's clock."""

    frame: Callable[[], Frame] | Frame
    query: Query
    progress: Progress
    timeout_s: float | None
    deadline: float
    caller: str
    future: Future[Interpretation]

    @classmethod
    def starting(
        cls,
        now: float,
        frame: Callable[[], Frame] | Frame,
        query: Query,
        progress: Progress,
        timeout_s: float | None,
        caller: str,
    ) -> _Job:
        """Make a job whose time begins ``now``."""
        deadline = math.inf if timeout_s is None else now + timeout_s
        return cls(frame, query, progress, timeout_s, deadline, caller, Future())

    def reason_to_stop(self, now: float) -> AnnexeError | None:
        """Return the error that ends this query at ``now``, if there is one."""
        if self.progress.cancelled():
            return CancelledError()
        if self.timeout_s is not None and now >= self.deadline:
            return QueryTimeoutError(self.timeout_s)
        return None


class Scheduler:
    """Feeds an engine with one query at a time from a queue that holds at most ``capacity``.

    The interpreter stays its owner's: closing the scheduler doesn't close it.
    """

    def __init__(
        self, interpreter: Interpreter, capacity: int = 8, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the worker thread; ``clock`` counts seconds and never goes back."""
        if capacity < 1:
            raise ValueError(f"the queue of a scheduler holds at least one query, not {capacity}")
        self._interpreter, self._capacity, self._clock = interpreter, capacity, clock
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._turn, self._turns = 0, dict[str, int]()
        self._running = self._closed = self._aborted = False
        self._answered = self._failed = self._rejected = 0
        self._last_error, self._failing = "", False
        self._durations: deque[float] = deque(maxlen=DURATIONS_KEPT)
        self._worker = threading.Thread(target=self._work, name="annexe-scheduler", daemon=True)
        self._worker.start()

    @property
    def statistics(self) -> SchedulerStatistics:
        """A consistent snapshot of the counters."""
        with self._changed:
            return SchedulerStatistics(
                len(self._waiting),
                self._running,
                self._answered,
                self._failed,
                self._rejected,
                self._last_error,
                self._failing,
                tuple(self._durations),
            )

    def submit(
        self,
        frame: Callable[[], Frame] | Frame,
        query: Query,
        progress: Progress | None = None,
        timeout_s: float | None = None,
        caller: str = "",
    ) -> Future[Interpretation]:
        """Queue a query and return the future of its answer.

        The future gets the ``Interpretation``, located in 3D where the query wants that, or an error:
        ``QueryTimeoutError`` past ``timeout_s`` (waiting included), ``CancelledError`` once ``progress.cancelled``
        says so, ``NotActiveError`` when the scheduler closes first, else whatever the frame source or the engine
        raised. ``future.cancel()`` takes back a query that still waits. Time and cancellation are looked at whenever
        the engine asks its progress, hence for waiting queries too while another one runs.

        Args:
            frame: the frame, or where the newest is to be had when work begins.
            query: what is asked.
            progress: how the caller follows and stops the work. ``on_text`` is called in the worker thread;
                ``cancelled`` in that of any caller too, and must neither wait nor raise.
            timeout_s: limit from now until the answer [s]; None for no limit.
            caller: who asks; callers take turns, and the queries of one caller are answered in their order.

        Raises:
            BusyError: the queue is full.
            NotActiveError: the scheduler is closed.
        """
        job = _Job.starting(self._clock(), frame, query, progress or Progress(), timeout_s, caller)
        self._release_waiting()
        with self._changed:
            if self._closed:
                raise NotActiveError(CLOSED_SENTENCE)
            if len(self._waiting) >= self._capacity:
                self._rejected += 1
                raise BusyError(len(self._waiting))
            self._waiting.append(job)
            self._changed.notify()
        return job.future

    def close(self, timeout_s: float | None = None) -> bool:
        """Refuse new queries, fail the waiting ones, and let the running one finish within ``timeout_s``.

        Returns whether it did; if not, it is stopped when it next asks its progress. May be called again.
        """
        with self._changed:
            self._closed = True
            abandoned = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for job in abandoned:
            self._fail(job, NotActiveError(CLOSED_SENTENCE))
        self._worker.join(timeout_s)
        self._aborted = True
        return not self._worker.is_alive()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._run(job)

    def _next(self) -> _Job | None:
        """Wait for a query and take it out of the queue; the order between callers is decided here alone."""
        with self._changed:
            while self._changed.wait_for(lambda: self._waiting or self._closed) and self._waiting:
                job = self._whose_turn()
                self._waiting.remove(job)
                if job.future.set_running_or_notify_cancel():
                    self._running = True
                    return job
                self._failed += 1
            return None

    def _whose_turn(self) -> _Job:
        """Return the first query of the caller that has waited longest for a turn; no caller can starve another."""
        job = min(self._waiting, key=lambda job: self._turns.get(job.caller, -1))
        self._turns.pop(job.caller, None)
        self._turns[job.caller] = self._turn = self._turn + 1
        if len(self._turns) > CALLERS_KEPT:
            del self._turns[next(iter(self._turns))]
        return job

    def _run(self, job: _Job) -> None:
        """Answer one query; its future is done afterwards, whatever happened."""
        started = self._clock()
        try:
            reply = self._answer(job)
        except Exception as error:  # carried to the caller as it is, like concurrent.futures does
            reason = self._reason_to_stop(job) if isinstance(error, CancelledError) else None
            self._record(started, reason or error)
            job.future.set_exception(reason or error)
        else:
            self._record(started, None)
            job.future.set_result(reply)

    def _answer(self, job: _Job) -> Interpretation:
        progress = replace(job.progress, cancelled=lambda: self._should_stop(job))
        progress.check()
        frame = job.frame() if callable(job.frame) else job.frame
        reply = self._interpreter.interpret(frame, job.query, progress)
        progress.check()
        return _located(reply, frame) if job.query.want_3d else reply

    def _should_stop(self, job: _Job) -> bool:
        """Say whether the running query must stop; let the waiting ones go that needn't wait any longer."""
        self._release_waiting()
        return self._reason_to_stop(job) is not None

    def _reason_to_stop(self, job: _Job) -> AnnexeError | None:
        return NotActiveError(CLOSED_SENTENCE) if self._aborted else job.reason_to_stop(self._clock())

    def _release_waiting(self) -> None:
        """End the waiting queries that are cancelled or past their time, so that they give up their places."""
        now = self._clock()
        with self._changed:
            waiting = list(self._waiting)
        reasons = [(job, job.reason_to_stop(now)) for job in waiting]
        for job, reason in reasons:
            if (reason or job.future.cancelled()) and self._take_out(job):
                self._fail(job, reason or CancelledError())

    def _take_out(self, job: _Job) -> bool:
        """Remove a waiting query; false when the worker was faster."""
        with self._changed:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            return True

    def _fail(self, job: _Job, error: AnnexeError) -> None:
        with self._changed:
            self._failed += 1
        if job.future.set_running_or_notify_cancel():
            job.future.set_exception(error)

    def _record(self, started: float, error: Exception | None) -> None:
        engine_failed = isinstance(error, EngineError) or not isinstance(error, AnnexeError | None)
        with self._changed:
            self._running = False
            self._answered += error is None
            self._failed += error is not None
            self._failing = engine_failed
            if error is not None and not isinstance(error, CALLERS_DOING):
                self._last_error = f"{type(error).__name__}: {error}"
            self._durations.append(self._clock() - started)


def _located(reply: Interpretation, frame: Frame) -> Interpretation:
    started = time.perf_counter()
    located = locate(reply, frame)
    latency = StageLatency(LOCATE_STAGE, (time.perf_counter() - started) * 1e3)
    return replace(located, latencies=(*located.latencies, latency))
