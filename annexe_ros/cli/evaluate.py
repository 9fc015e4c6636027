"""``annexe evaluate``: how good an engine is on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from annexe_ros.cli.engine import DEFAULT_ENGINE, DeviceOption, EngineOption, ModelOption, open_engine
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working


def evaluate(
    data: Annotated[Path, typer.Option(help="Folder in Ego-IRGBench's layout.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    queries_per_image: Annotated[int, typer.Option(min=1, help="Questions to draw per image.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Measure an engine: description and answers (METEOR, CIDEr), masks (IoUs), indicator and depth.

    The queries are drawn evenly over those with one, several and no targets. ciou and giou take the union of a query's
    targets as its foreground; per_target_iou compares slot by slot; authors_iou is what the paper's code measures. A
    figure that can't be measured is null, and the object's notes say why.
    """
    with working():
        from annexe_ros.data.ego_irgbench import EgoIrgBench
        from annexe_ros.evaluation import runner

        dataset = EgoIrgBench(data, split)
        interpreter = open_engine(engine, model, device)
        with progress_bar("evaluating") as follow:
            report = runner.evaluate(interpreter, dataset, queries_per_image, seed, follow)
        interpreter.close()
        figures = report.to_json()
    if as_json:
        print_json(figures)
    else:
        _print_for_people(figures)


def _print_for_people(figures: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("part", "metric", "value", title=f"{figures['n']} queries about {figures['images']} images")
    for part, metrics in figures.items():
        if isinstance(metrics, dict):
            for metric, value in metrics.items():
                table.add_row(part, metric, "-" if value is None else f"{value:.4f}")
    console = Console()
    console.print(table)
    for note in figures.get("notes", ()):
        console.print(note)
