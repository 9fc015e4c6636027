"""How a call ends: the one wrapper that turns failures into a status and a sentence, and the wait without blocking."""

from __future__ import annotations

import concurrent.futures
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from rclpy.task import Future

from annexe_ros.core.errors import AnnexeError, Status
from annexe_ros.core.texts import encodable


class Outcome(Protocol):
    """The fields that every response and result of ours has for how the call ended."""

    success: bool
    status: int
    message: str


@dataclass
class CallOutcome:
    """An outcome where there is no response to write it into."""

    success: bool = False
    status: int = int(Status.ENGINE_ERROR)
    message: str = ""


class Logger(Protocol):
    """Where unexpected failures are told in full; rclpy's loggers are one."""

    def error(self, message: str) -> object:
        """Log a message."""


@contextmanager
def reported_in(response: Outcome, logger: Logger) -> Iterator[None]:
    """Run a call's body; whatever it raises ends up in ``response``, never in the executor.

    Expected failures (``AnnexeError``) become their status and sentence. Anything else is a fault of ours: it is logged
    with its traceback and answered as ``ENGINE_ERROR``. ``response.success`` is true exactly when the status is OK.
    """
    status, message = Status.OK, ""
    try:
        yield
    except AnnexeError as error:
        status, message = error.status, str(error)
    except Exception as error:  # the one place that catches all: a node must survive its callbacks
        logger.error(encodable(f"unexpected failure while answering a call:\n{traceback.format_exc()}"))
        status, message = Status.ENGINE_ERROR, f"internal error ({type(error).__name__}: {error})"
    response.success, response.status, response.message = status is Status.OK, int(status), encodable(message)


def awaitable(job: concurrent.futures.Future[Any], wake: Callable[[], None]) -> Future:
    """Return a future that a coroutine in an executor can await, done when ``job`` is, with its result or error.

    A job ends in a thread of its own, while rclpy resumes a waiting coroutine only when the executor next wakes up;
    hence ``wake``. Callbacks that await must be in a reentrant group, or they keep their whole group from running.
    """
    future = Future()

    def finish(finished: concurrent.futures.Future[Any]) -> None:
        if finished.cancelled():
            future.cancel()
        elif (error := finished.exception()) is not None:
            future.set_exception(error)
            future.exception()  # marks it as seen: when the node goes, nobody awaits it any more
        else:
            future.set_result(finished.result())
        wake()

    job.add_done_callback(finish)
    return future
