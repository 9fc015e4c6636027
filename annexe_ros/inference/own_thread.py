"""Work that leaves no threads behind for those that compute later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result]) -> Result:
    """Run ``work`` in a thread that ends with it; return what it returns or raise what it raises.

    An engine is made in one thread and asked in another. GNU's OpenMP, with which PyTorch computes, keeps helpers for
    every thread that ever computed, and once there are more of them all than cores, they sleep at each of the many
    places where they meet, and a query takes 1.6 times as long. Helpers of a thread that has ended don't count.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # carried to the caller as it is, like concurrent.futures does
            outcome.set_exception(error)

    # A daemon, so that an interrupted program needn't wait for an engine that is being loaded.
    thread = threading.Thread(target=run, name="annexe-loading", daemon=True)
    thread.start()
    result = outcome.result()
    thread.join()
    return result
