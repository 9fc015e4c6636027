"""Runs every baseline that needs no features on a folder with EgoExoLearn's files, and writes the figures as a table.

A trial whose files aren't there is left out. Published figures aren't here: none could be sourced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import product
from pathlib import Path

from annexe_ros.procedures.anticipation.evaluate import Anticipator, evaluate_anticipation
from annexe_ros.procedures.anticipation.lists import Target
from annexe_ros.procedures.association.evaluate import evaluate_association
from annexe_ros.procedures.lines import files_named
from annexe_ros.procedures.planning.evaluate import Planner, evaluate_planning
from annexe_ros.procedures.questions.evaluate import Answerer, evaluate_questions
from annexe_ros.procedures.segmentation.evaluate import Segmenter, evaluate_segmentation
from annexe_ros.procedures.segmentation.steps import LABEL_SOURCES
from annexe_ros.procedures.skill.evaluate import PairSplit, Ranker, evaluate_skill

Figures = dict[str, float]
TARGETS: tuple[Target, ...] = ("verb", "noun")
SHARES = ("one_minus_aued", "pair_accuracy", "accuracy")
HEADER = "| task | learnt from, measured on | baseline | figures | n | published |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Trial:
    """One row of the table: files by name ("|" separates alternatives), and what measures the baseline on them."""

    task: str
    baseline: str
    files: tuple[str, ...]
    measure: Callable[..., Figures]


@dataclass(frozen=True)
class Result:
    """A trial with its figures."""

    trial: Trial
    figures: Figures

    @property
    def line(self) -> str:
        """The row of the table; shares (0..1) have three decimals, per cents one."""
        trial = self.trial
        files = ", ".join(dict.fromkeys(f"`{name.partition('|')[0]}`" for name in trial.files[:2]))
        told = ", ".join(f"{name} {value:{'.3f' if name in SHARES else '.1f'}}" for name, value in self.measured)
        return f"| {trial.task} | {files} | {trial.baseline} | {told} | {self.figures['n']} | |"

    @property
    def measured(self) -> list[tuple[str, float]]:
        """The figures without the count."""
        return [(name, value) for name, value in self.figures.items() if name != "n"]


def run_baselines(folder: Path, progress: Callable[[int, int], None] | None = None) -> Iterator[Result]:
    """Yield the result of every trial whose files are below ``folder``; raises ``DatasetFormatError``."""
    every = list(trials())
    for done, trial in enumerate(every, start=1):
        result = run_trial(folder, trial)
        if result is not None:
            yield result
        if progress is not None:
            progress(done, len(every))


def run_trial(folder: Path, trial: Trial) -> Result | None:
    """Return the result of a trial, None where a file of it isn't below ``folder``; raises ``DatasetFormatError``."""
    paths = [found[0] for name in trial.files if (found := files_named(folder, name))]
    return Result(trial, trial.measure(*paths)) if len(paths) == len(trial.files) else None


def table(results: Sequence[Result]) -> str:
    """Return the results as a table in Markdown."""
    return "\n".join([HEADER, *(result.line for result in results)])


def trials() -> Iterator[Trial]:
    """Yield every trial, task by task."""
    for views in ("ego", "exo"):
        files = (f"{views}_train_annotations.bundle", f"{views}_val_annotations.bundle", LABEL_SOURCES)
        yield from (Trial("segmentation", kind, files, _with(evaluate_segmentation, kind)) for kind in Segmenter)
    for view, target in product(("ego", "exo"), TARGETS):
        classes = (f"{view}_train_valid.csv", f"{view}_val_valid.csv")
        for kind in Anticipator:
            measure = partial(evaluate_anticipation, target=target, anticipator=kind)
            yield Trial(f"anticipation of {target}s", kind, classes, measure)
    for views in ("ego", "exo", "ego_gaze"):
        lists = (f"train_{views}_anno_list.txt", f"val_{views}_anno_list.txt")
        yield from (Trial("planning", kind, lists, _with(evaluate_planning, kind)) for kind in Planner)
    pairs = ("skill_train.txt|train_split_skill.txt", "skill_val.txt|val_split_skill.txt")
    for split, ranker in product(PairSplit, Ranker):
        yield Trial(f"skill, {split}", ranker, pairs, partial(evaluate_skill, ranker=ranker, split=split))
    tables = ("ego_val_valid.csv", "exo_val_valid.csv")
    yield Trial("association, built", "timing", tables, lambda *files: evaluate_association(files))
    questions = ("video_mcq.jsonl|*mcq*.jsonl",) * 2
    yield from (Trial("questions", kind, questions, _with(evaluate_questions, kind)) for kind in Answerer)


def _with(measure: Callable[..., Figures], kind: StrEnum) -> Callable[..., Figures]:
    """Return the measurement of one kind of baseline, which the function takes after its files."""
    return lambda *files: measure(*files, kind)
