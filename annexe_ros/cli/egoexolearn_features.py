"""``annexe egoexolearn``, the verbs for those who have features or videos: train, measure, ask a language model."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annexe_ros.cli.terminal import JsonFlag, progress_bar, show_figures, working, writing_into

if TYPE_CHECKING:
    from annexe_ros.procedures.feature_task import FeatureJob


class Benchmark(StrEnum):
    """Benchmarks with models that look at features."""

    SEGMENTATION = "segmentation"
    SEGMENTATION_CAUSAL = "segmentation-causal"
    ANTICIPATION = "anticipation"
    SKILL = "skill"
    ASSOCIATION = "association"


class Target(StrEnum):
    """What is anticipated."""

    VERB = "verb"
    NOUN = "noun"


class Engine(StrEnum):
    """Whose language model answers."""

    OPENAI = "openai"
    VLM_SAM = "vlm_sam"


TaskOption = Annotated[Benchmark, typer.Option(help="The benchmark.")]
TestOption = Annotated[list[Path], typer.Option(help="Published list to measure on; see docs/egoexolearn.md.")]
FeaturesOption = Annotated[Path, typer.Option(help="Folder with feature files of one kind, in any arrangement.")]
LabelsOption = Annotated[Path | None, typer.Option(help="Segmentation: folder or archive of frame labels.")]
TargetOption = Annotated[Target | None, typer.Option(help="Anticipation: what is anticipated; nouns by default.")]
SplitOption = Annotated[str, typer.Option(help="Skill: published (by default), or clip-disjoint.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]

OPTIONS: dict[Benchmark, tuple[str, ...]] = {
    Benchmark.SEGMENTATION: ("labels",),
    Benchmark.SEGMENTATION_CAUSAL: ("labels",),
    Benchmark.ANTICIPATION: ("target",),
    Benchmark.SKILL: ("split", "train"),
    Benchmark.ASSOCIATION: (),
}
"""Which options mean something to a benchmark; ``train`` is that of ``measure``."""
MOST_LISTS = {"train": math.inf, "test": 2}
"""How many lists association takes; the other tasks take one of each kind."""


def train(
    task: TaskOption,
    train: Annotated[list[Path], typer.Option(help="Published list to learn from; association takes several.")],
    test: TestOption,
    features: FeaturesOption,
    out: Annotated[Path, typer.Option(help="Folder for the trained model.")],
    labels: LabelsOption = None,
    target: TargetOption = None,
    split: SplitOption = "",
    epochs: Annotated[int, typer.Option(min=0, help="0: as many as the published baseline.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and order.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Train a feature-based model on published lists and feature files, save it, and print its figures on a test list.

    What is asked about is not learnt from. Segmentation's lists have no video in common; the others' do as published.
    """
    with working(), writing_into(out):
        from annexe_ros.procedures.feature_task import FeatureBenchmark
        from annexe_ros.procedures.weights import save_model

        allowed = ("train", "test", *OPTIONS[task])
        refuse_superfluous(task, allowed, train=train, test=test, labels=labels, target=target, split=split)
        facts = {"features": features, "labels": labels, "epochs": epochs, "seed": seed}
        benchmark = _job(train[0], split, target, device, **facts).task(FeatureBenchmark(task.value))
        model = benchmark.learn(train, test)
        save_model(out, benchmark.name, model)
        figures = benchmark.measure(model, test)
    show_figures(figures, as_json)


def measure(
    task: TaskOption,
    test: TestOption,
    features: FeaturesOption,
    model: Annotated[Path, typer.Option(help="Folder of a trained model.")],
    train: Annotated[Path | None, typer.Option(help="Skill, clip-disjoint: the list that was learnt from.")] = None,
    labels: LabelsOption = None,
    target: TargetOption = None,
    split: SplitOption = "",
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Print the figures of a trained feature-based model on a published list."""
    with working():
        from annexe_ros.procedures.feature_task import FeatureBenchmark

        allowed = ("test", *OPTIONS[task])
        refuse_superfluous(task, allowed, train=train, test=test, labels=labels, target=target, split=split)
        job = _job(train, split, target, device, features=features, labels=labels)
        benchmark = job.task(FeatureBenchmark(task.value))
        figures = benchmark.measure(benchmark.load(model), test)
    show_figures(figures, as_json)


def ask(
    questions: Annotated[Path, typer.Option(help="Published multiple-choice questions (.jsonl).")],
    videos: Annotated[Path, typer.Option(help="Folder of the videos, <uid>.mp4.")],
    model: Annotated[Path, typer.Option(help="Settings file of the engine, see docs/engines.md.")],
    engine: Annotated[Engine, typer.Option(help="Whose language model answers.")] = Engine.OPENAI,
    limit: Annotated[int, typer.Option(min=0, help="Only the first so many questions; 0: all.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Let an engine's vision-language model answer the multiple-choice questions, shown eight moments of each video."""
    with working(), progress_bar("questions") as follow:
        from annexe_ros.procedures.questions.evaluate import answered_figures
        from annexe_ros.procedures.questions.vlm import Speaking, VideoChooser, open_language_model

        speaker = open_language_model(Speaking(engine.value), model, device)
        try:
            chooser = VideoChooser(speaker, videos)
            figures = answered_figures(questions, lambda asked: chooser.choose(asked, follow), limit)
        finally:
            speaker.close()
    show_figures(figures, as_json)


def refuse_superfluous(task: StrEnum, allowed: Collection[str], **given: object) -> None:
    """Refuse options that mean nothing to a task, and further lists, rather than to let them be without effect."""
    for name, value in given.items():
        if value and name not in allowed:
            raise typer.BadParameter(f"means nothing to {task}", param_hint=f"--{name}")
        if isinstance(value, list) and len(value) > (MOST_LISTS[name] if task == Benchmark.ASSOCIATION else 1):
            raise typer.BadParameter(f"{task} takes fewer", param_hint=f"--{name}")


def _job(learnt: Path | None, split: str, target: Target | None, device: str, **facts: Any) -> FeatureJob:
    from annexe_ros.inference.placement import device_named
    from annexe_ros.procedures.feature_task import FeatureJob
    from annexe_ros.procedures.skill.evaluate import PairSplit

    if split and split not in list(PairSplit):
        raise typer.BadParameter(f"'{split}' is not one of {', '.join(PairSplit)}", param_hint="--split")
    pairs, predicted, place = PairSplit(split or PairSplit.PUBLISHED), target or Target.NOUN, str(device_named(device))
    return FeatureJob(learnt=learnt, split=pairs, target=predicted.value, device=place, **facts)


FEATURE_VERBS: tuple[Callable[..., None], ...] = (train, measure, ask)
