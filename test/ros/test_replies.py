import concurrent.futures
import threading
import time

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

import rclpy
from rclpy.executors import SingleThreadedExecutor

from annexe_ros.core.errors import BusyError, EngineError, Status
from annexe_ros.ros.replies import CallOutcome, awaitable, reported_in

pytestmark = pytest.mark.ros


class Log(list):
    error = list.append


def test_success_is_ok_without_a_message():
    outcome = CallOutcome(message="stale")
    with reported_in(outcome, Log()):
        pass
    assert outcome == CallOutcome(True, Status.OK, "")


def test_an_expected_failure_is_its_status_and_sentence():
    outcome, log = CallOutcome(success=True), Log()
    with reported_in(outcome, log):
        raise BusyError(8)
    assert outcome == CallOutcome(False, Status.BUSY, "8 queries are waiting already; try again later")
    assert log == []


def test_the_unexpected_is_logged_in_full_and_answered_in_short():
    outcome, log = CallOutcome(), Log()
    with reported_in(outcome, log):
        raise KeyError("surprise")
    assert outcome == CallOutcome(False, Status.ENGINE_ERROR, "internal error (KeyError: 'surprise')")
    assert "Traceback" in log[0]


@pytest.mark.parametrize("error", [EngineError("no mug \ud83d"), KeyError("no mug \ud83d")])
def test_half_a_character_in_an_error_is_replaced(error):
    outcome, log = CallOutcome(), Log()
    with reported_in(outcome, log):
        raise error
    for text in (outcome.message, *log):
        assert text.encode()
    assert "no mug " in outcome.message


def test_interrupts_are_let_through():
    with pytest.raises(KeyboardInterrupt), reported_in(CallOutcome(), Log()):
        raise KeyboardInterrupt


@pytest.fixture
def executor():
    context = rclpy.Context()
    rclpy.init(context=context)
    executor = SingleThreadedExecutor(context=context)
    yield executor
    executor.shutdown()
    context.try_shutdown()


def in_executor(executor, coroutine):
    """Run a coroutine; fails rather than hangs when nothing wakes the executor."""
    task = executor.create_task(coroutine)
    executor.spin_until_future_complete(task, timeout_sec=10)
    assert task.done()
    return task.result()


def test_a_job_of_another_thread_is_awaited_without_polling(executor):
    job = concurrent.futures.Future()
    future = awaitable(job, executor.wake)
    threading.Timer(0.05, job.set_result, ["done"]).start()

    async def wait():
        return await future

    started = time.monotonic()
    assert in_executor(executor, wait) == "done"
    assert time.monotonic() - started < 5


def test_a_jobs_failure_is_raised_where_it_is_awaited(executor):
    job = concurrent.futures.Future()
    job.set_exception(EngineError("out of memory"))

    async def wait():
        with pytest.raises(EngineError, match="out of memory"):
            await awaitable(job, executor.wake)
        return "caught"

    assert in_executor(executor, wait) == "caught"
