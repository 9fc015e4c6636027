"""``annexe egoexolearn``: the published annotations of EgoExoLearn checked and used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from annexe_ros.cli.egoexolearn_features import FEATURE_VERBS, Target, refuse_superfluous
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, show_figures, working

egoexolearn = typer.Typer(no_args_is_help=True, help="EgoExoLearn: what is there, and the benchmarks that run on it.")
for verb in FEATURE_VERBS:
    egoexolearn.command()(verb)

if TYPE_CHECKING:
    from annexe_ros.procedures.check import Stock

Choice = TypeVar("Choice", bound=StrEnum)
Figures = dict[str, float]


class Task(StrEnum):
    """Benchmarks with baselines that need annotations only."""

    PLANNING = "planning"
    SKILL = "skill"
    SEGMENTATION = "segmentation"
    ANTICIPATION = "anticipation"
    ASSOCIATION = "association"
    QUESTIONS = "questions"


@dataclass(frozen=True)
class Asked:
    """What ``evaluate`` was asked for; empty where an option wasn't given."""

    task: Task
    train: Path | None
    test: Sequence[Path]
    labels: Path | None
    target: Target | None
    model: str
    split: str
    seed: int

    def learnt_from(self) -> Path:
        """Return the file to learn from."""
        return _required(self.train, "--train", self.task)

    def refuse_others(self, *allowed: str) -> None:
        """Refuse options that mean nothing to the task, and further lists."""
        given = {name: getattr(self, name) for name in ("train", "test", "labels", "target", "model", "split")}
        refuse_superfluous(self.task, ("test", *allowed), **given)


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
    test: Annotated[list[Path], typer.Option(help="List to measure on. Association: .json, or two class tables.")],
    train: Annotated[Path | None, typer.Option(help="List to learn from; questions: by default five folds.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Segmentation: folder or archive of frame labels.")] = None,
    target: Annotated[Target | None, typer.Option(help="Anticipation: what is anticipated; nouns by default.")] = None,
    model: Annotated[
        str,
        typer.Option(
            help="Planning: blend, unigram, bigram, recall[-plain], regression[-plain]; skill: "
            "bradley-terry[-shared]; segmentation: step-by-time, majority; anticipation: after-last, frequency; "
            "questions: text-only, majority-letter."
        ),
    ] = "",
    split: Annotated[str, typer.Option(help="Skill: published, or clip-disjoint (no clip that training has).")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of planning's samples.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure a baseline that needs no features: learn from one published list, predict another.

    Planning prints 1 - AUED with five seeded samples per row; a predictor gets a row's video, time and history (the
    first future step of each earlier row of the video). Skill prints the share of pairs whose better clip is scored
    higher. The other tasks print what docs/egoexolearn.md says of them.
    """
    with working():
        figures = MEASURES[task](Asked(task, train, test, labels, target, model, split, seed))
    show_figures(figures, as_json)


@egoexolearn.command()
def baselines(
    folder: Annotated[Path, typer.Argument(help="Folder with published files, in any arrangement.")],
) -> None:
    """Run every baseline that needs no features, on the published files that are there; print a table in Markdown."""
    with working(), progress_bar("baselines") as follow:
        from annexe_ros.procedures.baselines import run_baselines, table

        written = table(list(run_baselines(folder, follow)))
    typer.echo(written)


def _print_stock(stock: Stock) -> None:
    for name, counts in stock.found.items():
        typer.echo(f"{name}: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    for name in stock.missing:
        typer.echo(f"missing: {name}")
    for sentence in stock.faulty:
        typer.echo(f"refused: {sentence}")


def _planning(asked: Asked) -> Figures:
    from annexe_ros.procedures.planning.evaluate import Planner, evaluate_planning

    asked.refuse_others("train", "model")
    planner = _chosen(Planner, asked.model or Planner.BLEND, "--model")
    with progress_bar("planning") as follow:
        return evaluate_planning(asked.learnt_from(), asked.test[0], planner, asked.seed, follow)


def _skill(asked: Asked) -> Figures:
    from annexe_ros.procedures.skill.evaluate import PairSplit, Ranker, evaluate_skill

    asked.refuse_others("train", "model", "split")
    ranker = _chosen(Ranker, asked.model or Ranker.SHARED, "--model")
    split = _chosen(PairSplit, asked.split or PairSplit.PUBLISHED, "--split")
    return evaluate_skill(asked.learnt_from(), asked.test[0], ranker, split)


def _segmentation(asked: Asked) -> Figures:
    from annexe_ros.procedures.segmentation.evaluate import Segmenter, evaluate_segmentation

    asked.refuse_others("train", "labels", "model")
    segmenter = _chosen(Segmenter, asked.model or Segmenter.STEP_BY_TIME, "--model")
    labels = _required(asked.labels, "--labels", asked.task)
    return evaluate_segmentation(asked.learnt_from(), asked.test[0], labels, segmenter)


def _anticipation(asked: Asked) -> Figures:
    from annexe_ros.procedures.anticipation.evaluate import Anticipator, evaluate_anticipation

    asked.refuse_others("train", "target", "model")
    anticipator = _chosen(Anticipator, asked.model or Anticipator.AFTER_LAST, "--model")
    target = asked.target or Target.NOUN
    return evaluate_anticipation(asked.learnt_from(), asked.test[0], target.value, anticipator)


def _association(asked: Asked) -> Figures:
    from annexe_ros.procedures.association.evaluate import evaluate_association

    asked.refuse_others()
    return evaluate_association(asked.test)


def _questions(asked: Asked) -> Figures:
    from annexe_ros.procedures.questions.evaluate import Answerer, evaluate_questions

    asked.refuse_others("train", "model")
    answerer = _chosen(Answerer, asked.model or Answerer.TEXT_ONLY, "--model")
    return evaluate_questions(asked.train or asked.test[0], asked.test[0], answerer)


MEASURES: dict[Task, Callable[[Asked], Figures]] = {
    Task.PLANNING: _planning,
    Task.SKILL: _skill,
    Task.SEGMENTATION: _segmentation,
    Task.ANTICIPATION: _anticipation,
    Task.ASSOCIATION: _association,
    Task.QUESTIONS: _questions,
}


def _chosen(kind: type[Choice], name: str, option: str) -> Choice:
    if name not in list(kind):
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(kind)}", param_hint=option)
    return kind(name)


def _required(path: Path | None, option: str, task: Task) -> Path:
    if path is None:
        raise typer.BadParameter(f"is needed for {task}", param_hint=option)
    return path
