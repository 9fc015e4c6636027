"""The scheduler's queue under random calls, against a model of it."""

from concurrent.futures import Future

from held_scheduler import FRAME, WAIT_S, Bench
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from annexe_ros.core import Interpretation, Query
from annexe_ros.core.errors import BusyError, QueryTimeoutError


class SchedulerMachine(RuleBasedStateMachine):
    """Random calls against a model of the queue; the worker moves only when the machine lets it."""

    pending = Bundle("pending")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(capacity=3)
        self.running: Future[Interpretation] | None = None
        self.queue: list[Future[Interpretation]] = []

    @rule(target=pending, timeout_s=st.sampled_from([None, 1.0, 3.0]))
    def submit(self, timeout_s: float | None) -> Future[Interpretation] | None:
        idle = self.running is None
        try:
            future = self.bench.scheduler.submit(FRAME, Query("?"), timeout_s=timeout_s)
        except BusyError:
            future = None
        self._forget_ended()
        if future is None:
            assert len(self.queue) == 3
        elif idle:
            assert self.bench.engine.begun.acquire(timeout=WAIT_S)
            self.running = future
        else:
            self.queue.append(future)
        return future

    @rule(future=consumes(pending))
    def cancel(self, future: Future[Interpretation] | None) -> None:
        if future is not None:
            waits = future in self.queue and not future.done()
            assert future.cancel() == waits

    @rule(seconds=st.sampled_from([0.5, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.clock.now += seconds

    @precondition(lambda self: self.running is not None)
    @rule()
    def finish_running(self) -> None:
        self.bench.release()
        error = self.running.exception(WAIT_S)
        assert error is None or isinstance(error, QueryTimeoutError)
        self._forget_ended()
        self.running = self._next()

    def _next(self) -> Future[Interpretation] | None:
        """Wait for the worker to begin with the next query that its time still allows."""
        while self.queue:
            future = self.queue.pop(0)
            while not future.done():
                if self.bench.engine.begun.acquire(timeout=0.02):
                    return future
        return None

    def _forget_ended(self) -> None:
        self.queue = [future for future in self.queue if not future.done()]

    @invariant()
    def the_queue_never_overflows(self) -> None:
        assert self.bench.scheduler.statistics.waiting <= 3

    def teardown(self) -> None:
        self.bench.release(100)
        assert self.bench.scheduler.close(WAIT_S)
        assert self.running is None or self.running.done()
        assert all(future.done() for future in self.queue)


SchedulerMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSchedulerMachine = SchedulerMachine.TestCase
