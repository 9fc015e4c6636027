"""``annexe evaluate``: how good an engine is on a data set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annexe_ros.cli.engine import (
    DEFAULT_DTYPE,
    DEFAULT_ENGINE,
    DeviceOption,
    DtypeOption,
    EngineOption,
    ModelOption,
    open_engine,
)
from annexe_ros.cli.terminal import JsonFlag, open_console, print_json, progress_bar, working, writing_into

if TYPE_CHECKING:
    from annexe_ros.evaluation.gallery import Gallery


def evaluate(
    data: Annotated[Path, typer.Option(help="Folder in Ego-IRGBench's layout.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    queries_per_image: Annotated[int, typer.Option(min=1, help="Questions to draw per image.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    report: Annotated[Path | None, typer.Option(help="Folder for index.html: tables, and the failures shown.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure an engine: description and answers (METEOR, CIDEr), masks (IoUs), indicator and depth.

    The queries are drawn evenly over those with one, several and no targets. ciou and giou take the union of a query's
    targets as its foreground; per_target_iou compares slot by slot; authors_iou is what the paper's code measures. A
    figure that can't be measured is null, and the object's notes say why.
    """
    with working(), _preparing(report):
        from annexe_ros.data.ego_irgbench import EgoIrgBench
        from annexe_ros.evaluation import runner
        from annexe_ros.evaluation.gallery import Gallery

        dataset = EgoIrgBench(data, split)
        interpreter = open_engine(engine, model, device, dtype)
        gallery = Gallery() if report else None
        with progress_bar("evaluating") as follow:
            found = runner.evaluate(interpreter, dataset, queries_per_image, seed, follow, gallery)
        interpreter.close()
        figures = found.to_json()
    if as_json:
        print_json(figures)
    else:
        _print_for_people(figures)
    if report and gallery:  # after the figures, which are not to be lost with the page
        title = f"{interpreter.model} on {dataset.root.resolve().name}, split {split}"
        _write_page(report, figures, gallery, title)


@contextmanager
def _preparing(report: Path | None) -> Iterator[None]:
    """Make the folder of a page that is wanted; what it lacks is told before the work."""
    if report is None:
        yield
        return
    from annexe_ros.evaluation.page import check_page_can_be_written

    check_page_can_be_written()
    with writing_into(report, "--report"):
        yield


def _write_page(folder: Path, figures: dict[str, Any], gallery: Gallery, title: str) -> None:
    from annexe_ros.evaluation.page import page

    with writing_into(folder, "--report"):
        (folder / "index.html").write_text(page(figures, gallery.failures, gallery.seen, title), encoding="utf-8")


def _print_for_people(figures: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(
        "part", "metric", "value", "95 % interval", title=f"{figures['n']} queries about {figures['images']} images"
    )
    for part, bounds in figures["intervals"].items():
        for metric, value in figures[part].items():
            low_high = bounds[metric]
            interval = "" if low_high is None else f"{low_high[0]:.3f} to {low_high[1]:.3f}"
            table.add_row(part, metric, "-" if value is None else f"{value:.4f}", interval)
    console = open_console()
    console.print(table)
    for note in figures.get("notes", ()):
        console.print(note)
