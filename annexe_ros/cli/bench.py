"""``annexe bench``: how fast the engine is, beside the plain way with the same weights and the machine's limits."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annexe_ros.cli.engine import DEFAULT_DTYPE, DeviceOption, DtypeOption, ModelOption
from annexe_ros.cli.terminal import JsonFlag, open_console, print_json, progress_bar, working, writing_into

if TYPE_CHECKING:
    from annexe_ros.benchmark.report import BenchReport


def bench(
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    quick: Annotated[bool, typer.Option("--quick", help="Few repeats, to see that it runs; no growth.")] = False,
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="Take only the model's configuration; weights are random.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    page: Annotated[Path | None, typer.Option(help="Folder for performance.md and its plots, of a whole run.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure the engine: stages, speedups over the authors' flow with the same weights, a node in its own process.

    Ratios are medians of pairs measured in turns. outputs_equal says that texts were identical and masks overlapped by
    more than 0.99. What can't be measured here is null, and notes say why. A few minutes.
    """
    if page is not None and quick:
        raise typer.BadParameter("a page is made of a whole run: leave out --quick or --page")
    with working():
        from annexe_ros.benchmark.performance_page import check_can_draw
        from annexe_ros.benchmark.random_model import write_random_model
        from annexe_ros.benchmark.run import FULL, QUICK, run
        from annexe_ros.inference.resolve import DEFAULT_MODEL, resolve_model

        if page is not None:
            check_can_draw()
        folder = resolve_model(model or DEFAULT_MODEL)
        with progress_bar("comparing") as follow, TemporaryDirectory() as made:
            chosen = write_random_model(folder, Path(made)) if random_weights else folder
            report = run(chosen, device, dtype, QUICK if quick else FULL, follow)
        figures = report.to_json()
        if out is not None:
            with writing_into(out.parent):
                out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        if page is not None:
            _write_page(page, figures)
    if as_json:
        print_json(figures)
    else:
        _print_for_people(report)


def _write_page(folder: Path, figures: dict[str, Any]) -> None:
    from annexe_ros.benchmark.performance_page import draw
    from annexe_ros.benchmark.performance_page import page as performance_page

    with writing_into(folder, "--page"):
        (folder / "performance.md").write_text(performance_page(figures), encoding="utf-8")
        draw(figures, folder / "images")


def _print_for_people(report: BenchReport) -> None:
    from annexe_ros.benchmark.report import report_table

    console = open_console()
    console.print(report_table(report))
    for sentence in (*report.notes, *report.shortcomings()):
        console.print(sentence)
