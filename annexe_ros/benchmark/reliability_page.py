"""The tables of ``docs/reliability.md``, from what the soak and the transport benchmark wrote; no figure is typed in.

The page says where each table stands (``markdown``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annexe_ros.benchmark.markdown import between, table
from annexe_ros.benchmark.soak import cell
from annexe_ros.benchmark.transport import TransportRun, transport_cells

FIGURES = {
    "calls": "calls",
    "answered": "answered",
    "busy": "told BUSY",
    "lost": "without any answer",
    "other": "told otherwise",
    "clients_answered": "callers answered at least once",
    "clients": "callers",
    "answer_median_ms": "call to answer, median [ms]",
    "answer_p99_ms": "call to answer, p99 [ms]",
    "image_gap_p99_ms": "between two image callbacks, p99 [ms]",
    "image_gap_max_ms": "between two image callbacks, longest [ms]",
    "rss_growth_mb": "memory gained after warming up [MB]",
    "duration_s": "duration [s]",
}
"""Key in ``soak.json`` -> what it is, in the order of the table."""


def filled_in(page: str, soak: Mapping[str, Any] | None, transport: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the page with the tables of what was measured; what wasn't measured stays as it is."""
    if transport is not None:
        page = between(page, "transport", transport_rows(transport))
    if soak is not None:
        page = between(page, "machine", f"Measured on {soak['machine']}.")
        page = between(page, "load", load_rows(soak))
        page = between(page, "faults", fault_rows(soak["faults"]))
    return page


def transport_rows(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the runs of ``transport.json`` as a Markdown table."""
    heading = ["size", "reliability", "transport", "received", "median [ms]", "p99 [ms]"]
    return table(heading, [transport_cells(TransportRun(**run)) for run in runs])


def load_rows(soak: Mapping[str, Any]) -> str:
    """Return the load's figures as a Markdown table, with a column for the real model where it was tried."""
    columns = [soak, *([soak["real_model"]] if "real_model" in soak else [])]
    heading = ["", "scripted engine", "shipped model"][: 1 + len(columns)]
    return table(heading, [[what, *(cell(column[key]) for column in columns)] for key, what in FIGURES.items()])


def fault_rows(faults: Mapping[str, bool]) -> str:
    """Return what became of each fault as a Markdown table."""
    return table(
        ["fault", "taken well"],
        [[name.replace("_", " "), "yes" if taken else "**no**"] for name, taken in faults.items()],
    )
