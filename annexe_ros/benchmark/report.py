"""All figures of ``annexe bench`` as one object, and the table for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from annexe_ros.benchmark.node_calls import NodeFigures

GPU_NOTE = "GPU rows are not measured: PyTorch finds no CUDA device; the paper's layout ran with a tiny configuration"
TARGETS = {
    "first_query_speedup": 2.5,
    "follow_up_speedup": 6.0,
    "node_overhead_share": 0.05,
    "concurrency_gain_8": 0.95,
}
"""What shall be reached on two cores with the shipped model; the share at most, the others at least."""


def is_reached(name: str, value: float) -> bool:
    """Tell whether a figure of ``TARGETS`` has its target."""
    return value <= TARGETS[name] if name == "node_overhead_share" else value >= TARGETS[name]


@dataclass(frozen=True)
class BenchReport:
    """What ``annexe bench --json`` prints.

    Attributes:
        model, device, dtype: what was measured.
        first_query_speedup, follow_up_speedup: medians of paired ratios to the authors' flow.
        outputs_equal: texts were identical and masks overlapped by more than ``speed.LEAST_IOU``.
        differences: what wasn't, a sentence each.
        concurrency_gain_8: throughput of eight callers at once over that of one.
        stages_ms: medians of a first query's stages [ms].
        tokens_per_s: how fast text is generated.
        memory_mb: resident memory of this process, which holds the weights twice.
        node: figures of a running node; None where none could be started, and then ``notes`` says why.
        limits: what the machine allows (see ``limits``).
        paper: figures of the paper's layout with random weights (``paper_size.PaperFigures``), whose ``size`` tells
            whether it had the paper's size, on a GPU, or was tiny.
        growth: how cost grows, by what grows: its value -> ms or queries per second.
        machine: the kind of machine.
        notes: what was not measured and why.
    """

    model: str
    device: str
    dtype: str
    first_query_speedup: float
    follow_up_speedup: float
    outputs_equal: bool
    differences: list[str]
    first_query_ms: float
    follow_up_ms: float
    concurrency_gain_8: float
    stages_ms: Mapping[str, float | None]
    tokens_per_s: float | None
    memory_mb: float | None
    node: NodeFigures | None
    limits: Mapping[str, float]
    growth: Mapping[str, Any]
    machine: str
    notes: list[str]
    paper: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the object, numbers rounded; what wasn't measured is null."""
        node = self.node
        flat = {name: value for name, value in vars(self).items() if name != "node"}
        return _rounded(
            flat
            | {
                "node_overhead_ms": node and node.overhead_ms,
                "node_overhead_share": node and node.overhead_share,
                "node": node and asdict(node),
            }
        )

    def shortcomings(self) -> list[str]:
        """Return a sentence for every target that was measured and not reached."""
        found = self.to_json()
        missed = [
            f"{name} is {found[name]:g}, the target is {target:g}"
            for name, target in TARGETS.items()
            if found[name] is not None and not is_reached(name, found[name])
        ]
        return missed + [f"not the same: {sentence}" for sentence in self.differences]


def report_table(report: BenchReport) -> Table:
    """Return the figures as a table for people."""
    table = Table("figure", "value", title=f"{report.model} ({report.dtype}) on {report.machine}")
    for name, value in report.to_json().items():
        if isinstance(value, Mapping):
            for part, figure in value.items():
                if not isinstance(figure, Mapping | list):
                    table.add_row(f"{name}.{part}", _shown(figure))
        elif not isinstance(value, list) and name not in ("model", "machine", "dtype"):
            table.add_row(name, _shown(value))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "not measured"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
