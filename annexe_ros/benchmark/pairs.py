"""Two ways of doing the same, measured in turns: the ratio of neighbours in time is fair on a busy machine.

It knows neither engines nor images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Pair:
    """How long the plain way and ours took, one right after the other [ms]."""

    plain_ms: float
    ours_ms: float

    @property
    def speedup(self) -> float:
        """How many times as long the plain way took."""
        return self.plain_ms / self.ours_ms


def paired(plain: Callable[[], object], ours: Callable[[], object], repeats: int, start: int = 0) -> list[Pair]:
    """Measure both ``repeats`` times in turns; which one comes first changes from pair to pair, from ``start`` on."""
    pairs = []
    for number in range(start, start + repeats):
        if number % 2:
            ours_ms = elapsed_ms(ours)
            plain_ms = elapsed_ms(plain)
        else:
            plain_ms = elapsed_ms(plain)
            ours_ms = elapsed_ms(ours)
        pairs.append(Pair(plain_ms, ours_ms))
    return pairs


def median_speedup(pairs: Iterable[Pair]) -> float:
    """Return the median of the pairs' ratios."""
    return median(pair.speedup for pair in pairs)


def median_ms(work: Callable[[], object], repeats: int = 5, warm_ups: int = 1) -> float:
    """Return the median time of some work [ms], after it was done ``warm_ups`` times unmeasured."""
    for _ in range(warm_ups):
        work()
    return median(elapsed_ms(work) for _ in range(repeats))


def elapsed_ms(work: Callable[[], object]) -> float:
    """Return how long some work took [ms]."""
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1e3
