"""How many queries per second get through the scheduler, from one caller and from many at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from annexe_ros.benchmark.views import fresh
from annexe_ros.core import Interpreter, Query
from annexe_ros.inference.scheduler import Scheduler

CALLERS = 8


def concurrency_gain(
    interpreter: Interpreter,
    images: Sequence[NDArray[np.uint8]],
    queries: Sequence[Query],
    callers: int = CALLERS,
    rounds: int = 5,
) -> float:
    """Return how many times as many queries per second are answered when ``callers`` ask at once instead of one.

    The median of pairs; every query is about a frame that nobody has seen, as from a camera that goes on.
    """
    ratios = []
    for _ in range(rounds):
        alone = queries_per_s(interpreter, images, queries, callers=1, calls=callers)
        together = queries_per_s(interpreter, images, queries, callers, calls=callers)
        ratios.append(together / alone)
    return median(ratios)


def queries_per_s(
    interpreter: Interpreter,
    images: Sequence[NDArray[np.uint8]],
    queries: Sequence[Query],
    callers: int,
    calls: int,
) -> float:
    """Return how many queries per second are answered to so many callers, who make ``calls`` calls in all."""
    scheduler = Scheduler(interpreter, capacity=callers)
    frames = [fresh(image) for image in islice(cycle(images), calls)]

    def ask(number: int) -> None:
        query = queries[number % len(queries)]
        scheduler.submit(frames[number], query, caller=str(number % callers)).result()

    with ThreadPoolExecutor(callers) as pool:
        began = perf_counter()
        list(pool.map(ask, range(calls)))
        duration_s = perf_counter() - began
    scheduler.close()
    return calls / duration_s
