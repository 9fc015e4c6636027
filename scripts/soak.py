"""Soak trial of the perception node: many callers, faults and malformed input; figures as a JSON file.

Every node is a process in a ROS domain of its own, on this machine only, started and ended here. Exits with 1 and says
why when something doesn't hold.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from soak_faults import FAULTS
from soak_load import PROFILE, ROOT, Load, bear
from soak_workbench import Workbench

from annexe_ros.benchmark.machine import machine
from annexe_ros.benchmark.processes import PROFILE_VARIABLES, remove_abandoned_memory
from annexe_ros.benchmark.soak import SoakReport, load_table
from annexe_ros.core.errors import AnnexeError

SCRIPT = str(ROOT / "config" / "script.json")
FULL = (Load("scripted", "scripted", SCRIPT), Load("real_model", "annexe", "annexe-scenes", queries=5))
QUICK = (Load("scripted", "scripted", SCRIPT, queries=3), None)
MALFORMED = "malformed_input"


def main() -> int:
    """Run every trial and return the exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, every block ends its process
    os.environ |= {PROFILE_VARIABLES[0]: str(PROFILE), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    console = Console()
    out = options.out.parent / "soak"
    try:
        report = _report(options, out, console)
    except AnnexeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        remove_abandoned_memory()  # of the processes that the trials kill
    options.out.write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    shortcomings = report.shortcomings()
    for sentence in shortcomings:
        console.print(sentence, style="red", markup=False)
    return 1 if shortcomings else 0


def _report(options: argparse.Namespace, out: Path, console: Console) -> SoakReport:
    scripted, real = QUICK if options.quick else FULL
    load = bear(scripted, out)
    real_model = bear(real, out) if real else None
    columns = {"scripted engine": load} | ({"shipped model": real_model} if real_model else {})
    console.print(load_table(columns))
    faults = {}
    for name, taken in _trials(out, quick=options.quick):
        console.print(f"{name}: {'[green]taken well' if taken else '[red]not taken well'}")
        faults[name] = taken
    return SoakReport(load, real_model, faults, machine())


def _trials(out: Path, *, quick: bool) -> Iterator[tuple[str, bool]]:
    for name, fault in FAULTS.items():
        with Workbench(out / name) as bench:
            yield name, fault(bench)
    if not quick:
        yield MALFORMED, _malformed_input_is_refused(out)


def _malformed_input_is_refused(out: Path) -> bool:
    """Run the 10,000 examples of test/fuzz in a process of their own: a crash would take this one with it."""
    with (out / f"{MALFORMED}.log").open("wb") as log:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow", "test/fuzz"]
        return subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Let the perception node bear load, faults and malformed input.")
    parser.add_argument("--out", type=Path, default=Path("out/soak.json"), help="JSON file; logs go beside it")
    parser.add_argument("--quick", action="store_true", help="a short load, no real model, no malformed input")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
