"""What a soak trial measures and what must hold: callers' records, arrival times and memory become a few figures.

Who starts the node, asks it and hurts it isn't known here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from rich.table import Table

from annexe_ros.core.errors import Status

LEAST_ANSWERED = 0.1
"""Share of the calls that must be answered, however many callers there are."""

MAX_GAP_P99_MS = 70.0
"""Limit of the time between two image callbacks, which is 33 ms when nothing else is to be done [ms]."""

MAX_GROWTH_MB = 20.0
"""What memory may gain while the load goes on and still count as flat: some masks and images come and go [MB]."""


@dataclass(frozen=True)
class CallerRecord:
    """What one caller was told.

    Attributes:
        statuses: name of the status -> number of calls that ended with it.
        lost: calls without any answer.
        latencies_ms: time from call to answer of those that ended with OK [ms].
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    lost: int = 0
    latencies_ms: Sequence[float] = ()


@dataclass(frozen=True)
class LoadFigures:
    """How a node did under the load of many callers beside an image stream.

    Attributes:
        calls, answered, busy, lost: numbers of calls; answered ones ended with OK.
        clients_answered, clients: callers that were answered at least once, and all.
        image_gap_p99_ms, image_gap_max_ms: time between two image callbacks of the node [ms].
        rss_growth_mb: what the node's memory gained after warming up [MB].
        other: calls that ended otherwise, by the name of the status.
        answer_median_ms, answer_p99_ms: time from call to answer [ms].
        duration_s: how long the load went on [s].
    """

    calls: int
    answered: int
    busy: int
    lost: int
    clients_answered: int
    clients: int
    image_gap_p99_ms: float
    image_gap_max_ms: float
    rss_growth_mb: float
    other: dict[str, int]
    answer_median_ms: float
    answer_p99_ms: float
    duration_s: float

    def shortcomings(self) -> list[str]:
        """Return a sentence for everything that doesn't hold."""
        gap, growth_mb = self.image_gap_p99_ms, self.rss_growth_mb
        told = {
            f"{self.answered} answered and {self.busy} told BUSY of {self.calls} calls": (
                self.answered + self.busy == self.calls
            ),
            f"only {self.answered} of {self.calls} calls were answered": self.answered >= LEAST_ANSWERED * self.calls,
            f"only {self.clients_answered} of {self.clients} callers were answered at all": (
                self.clients_answered == self.clients
            ),
            f"99 % of the image callbacks come {gap:.0f} ms apart, the limit is {MAX_GAP_P99_MS:.0f} ms": (
                gap < MAX_GAP_P99_MS
            ),
            f"memory grew by {growth_mb:.1f} MB, the limit is {MAX_GROWTH_MB:.0f} MB": growth_mb < MAX_GROWTH_MB,
        }
        return [sentence for sentence, holds in told.items() if not holds]


def load_figures(
    records: Sequence[CallerRecord],
    arrivals_ns: Sequence[int],
    memory_mb: Sequence[float],
    began_ns: int,
    ended_ns: int,
) -> LoadFigures:
    """Return the figures of a load.

    Args:
        records: what each caller was told.
        arrivals_ns: when the node's image callbacks were called, in the clock of the next two [ns].
        memory_mb: the node's memory, sampled at a steady pace while the load went on [MB].
        began_ns: first call [ns].
        ended_ns: last answer [ns].
    """
    statuses = sum((Counter(record.statuses) for record in records), Counter[str]())
    answered, busy = statuses.pop(Status.OK.name, 0), statuses.pop(Status.BUSY.name, 0)
    lost = sum(record.lost for record in records)
    gaps_ms = gaps(arrivals_ns, began_ns, ended_ns)
    latencies_ms = [value for record in records for value in record.latencies_ms] or [float("nan")]
    return LoadFigures(
        calls=answered + busy + lost + statuses.total(),
        answered=answered,
        busy=busy,
        lost=lost,
        clients_answered=sum(record.statuses.get(Status.OK.name, 0) > 0 for record in records),
        clients=len(records),
        image_gap_p99_ms=float(np.percentile(gaps_ms, 99)),
        image_gap_max_ms=max(gaps_ms),
        rss_growth_mb=growth(memory_mb),
        other=dict(statuses),
        answer_median_ms=float(np.median(latencies_ms)),
        answer_p99_ms=float(np.percentile(latencies_ms, 99)),
        duration_s=(ended_ns - began_ns) / 1e9,
    )


def gaps(arrivals_ns: Sequence[int], began_ns: int, ended_ns: int) -> list[float]:
    """Return the times between arrivals within the limits [ms], the time to each limit included.

    A stream that stops shortly before the end doesn't look good by that.
    """
    within = [arrival for arrival in arrivals_ns if began_ns < arrival < ended_ns]
    return [float(gap) for gap in np.diff([began_ns, *within, ended_ns]) / 1e6]


def growth(samples: Sequence[float]) -> float:
    """Return how much the last fifth lies above the second; in the first fifth caches and buffers fill up."""
    fifth = max(1, len(samples) // 5)
    return float(np.median(samples[-fifth:]) - np.median(samples[fifth : 2 * fifth])) if len(samples) > 1 else 0.0


@dataclass(frozen=True)
class SoakReport:
    """All figures of a soak.

    Attributes:
        load: with the scripted engine.
        real_model: with the shipped model; None where it wasn't tried.
        faults: name of a fault -> the node took it as it should.
        machine: the kind of machine.
    """

    load: LoadFigures
    real_model: LoadFigures | None
    faults: Mapping[str, bool]
    machine: str

    def to_json(self) -> dict[str, Any]:
        """Return the report as ``out/soak.json`` has it."""
        real = {} if self.real_model is None else {"real_model": asdict(self.real_model)}
        return {**asdict(self.load), "faults": dict(self.faults), **real, "machine": self.machine}

    def shortcomings(self) -> list[str]:
        """Return a sentence for everything that doesn't hold; empty when all is well."""
        real = self.real_model.shortcomings() if self.real_model else []
        failed = [f"fault '{name}' was not taken well" for name, taken in self.faults.items() if not taken]
        return self.load.shortcomings() + [f"real model: {sentence}" for sentence in real] + failed


def load_table(columns: Mapping[str, LoadFigures]) -> Table:
    """Return figures as a table for people, a column for each load."""
    table = Table("", *columns, title="many callers beside an image stream")
    for name in LoadFigures.__dataclass_fields__:
        table.add_row(name, *(cell(getattr(figures, name)) for figures in columns.values()))
    return table


def cell(value: Any) -> str:
    """Return a figure as a table shows it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {number}" for key, number in value.items()) or "none"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
