"""``annexe egoexolearn``: the published annotations of EgoExoLearn checked and used."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working

egoexolearn = typer.Typer(no_args_is_help=True, help="EgoExoLearn: what is there, and the benchmarks that run on it.")

if TYPE_CHECKING:
    from annexe_ros.procedures.check import Stock

Choice = TypeVar("Choice", bound=StrEnum)


class Task(StrEnum):
    """Benchmarks that need annotations only."""

    PLANNING = "planning"
    SKILL = "skill"


@egoexolearn.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder with published files, in any arrangement.")],
    as_json: JsonFlag = False,
) -> None:
    """Read everything that is known of EgoExoLearn below a folder: what is there, what is missing, the counts."""
    with working():
        from annexe_ros.procedures.check import take_stock

        stock = take_stock(folder)
    if as_json:
        print_json(asdict(stock))
    else:
        _print_stock(stock)


@egoexolearn.command()
def evaluate(
    task: Annotated[Task, typer.Option(help="The benchmark.")],
    train: Annotated[Path, typer.Option(help="List to learn from.")],
    test: Annotated[Path, typer.Option(help="List to measure on.")],
    model: Annotated[
        str, typer.Option(help="Planning: unigram, bigram, recall, recall-plain; skill: bradley-terry[-shared].")
    ] = "",
    split: Annotated[str, typer.Option(help="Skill: published, or clip-disjoint (no clip that training has).")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of the samples.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure a baseline that needs no features: learn from one published list, predict another.

    Planning prints 1 - AUED with five seeded samples per row; a predictor gets a row's video, time and history (the
    first future step of each earlier row of the video). Skill prints the share of pairs whose better clip is scored
    higher.
    """
    with working():
        if task is Task.PLANNING:
            _unused(split, "--split", task)
            figures = _planning(train, test, model, seed)
        else:
            figures = _skill(train, test, model, split)
    _show(figures, as_json)


@egoexolearn.command()
def gaze(
    data: Annotated[Path, typer.Option(help="Folder of generated scenes.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    count: Annotated[int, typer.Option(min=1, help="Scenes to measure on.")] = 200,
    as_json: JsonFlag = False,
) -> None:
    """Measure how often a gaze point is assigned to the object that is looked at, on generated scenes' true masks."""
    with working(), progress_bar("scenes") as follow:
        from annexe_ros.data.ego_irgbench import EgoIrgBench
        from annexe_ros.evaluation.gaze import evaluate_gaze

        figures = evaluate_gaze(EgoIrgBench(data, split), count, follow)
    _show(figures, as_json)


def _show(figures: dict[str, float], as_json: bool) -> None:
    if as_json:
        print_json(figures)
    else:
        typer.echo("\n".join(f"{name}: {value:.4g}" for name, value in figures.items()))


def _print_stock(stock: Stock) -> None:
    for name, counts in stock.found.items():
        typer.echo(f"{name}: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    for name in stock.missing:
        typer.echo(f"missing: {name}")
    for sentence in stock.faulty:
        typer.echo(f"refused: {sentence}")


def _planning(train: Path, test: Path, model: str, seed: int) -> dict[str, float]:
    from annexe_ros.procedures.planning.evaluate import Planner, evaluate_planning

    planner = _chosen(Planner, model or Planner.RECALL, "--model")
    with progress_bar("planning") as follow:
        return evaluate_planning(train, test, planner, seed, follow)


def _skill(train: Path, test: Path, model: str, split: str) -> dict[str, float]:
    from annexe_ros.procedures.skill.evaluate import PairSplit, Ranker, evaluate_skill

    ranker = _chosen(Ranker, model or Ranker.SHARED, "--model")
    return evaluate_skill(train, test, ranker, _chosen(PairSplit, split or PairSplit.PUBLISHED, "--split"))


def _chosen(kind: type[Choice], name: str, option: str) -> Choice:
    if name not in list(kind):
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(kind)}", param_hint=option)
    return kind(name)


def _unused(value: str, option: str, task: Task) -> None:
    if value:
        raise typer.BadParameter(f"means nothing to {task}", param_hint=option)
