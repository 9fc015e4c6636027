"""``annexe annotate``: an engine's answers about a whole recording, for people, for programs and for training."""

from __future__ import annotations

from functools import partial
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
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working

if TYPE_CHECKING:
    from annexe_ros.data.annotation.job import AnnotationSummary
    from annexe_ros.data.annotation.plan import AnnotationPlan


def annotate(
    recording: Annotated[Path, typer.Argument(help="Folder of images, recording, bag of rosbag2 or video.")],
    out: Annotated[Path, typer.Option(help="Folder to write; a run that was killed goes on in it.")],
    query: Annotated[
        list[str] | None, typer.Option(help="Asked of every frame; repeatable. Other wordings follow after |.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Set in Ego-IRGBench's layout: ask its questions and compare the answers.")
    ] = None,
    labels_split: Annotated[str, typer.Option(help="Split of --labels: train, val or test.")] = "test",
    queries_per_image: Annotated[int, typer.Option(min=1, help="Questions to draw per image of --labels.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Of that draw.")] = 0,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    split: Annotated[str, typer.Option(help="Split of the set that is written: train, val or test.")] = "train",
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame.")] = 1,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Less certain targets don't teach.")] = 0.0,
    workers: Annotated[int, typer.Option(min=1, help="Engines side by side, by Ray Data.")] = 1,
    gpus: Annotated[float, typer.Option(min=0.0, help="GPUs that each of several workers gets.")] = 0.0,
    image_topic: Annotated[str, typer.Option(help="Of a bag.")] = "/image",
    depth_topic: Annotated[str, typer.Option(help="Of a bag.")] = "/depth",
    camera_info_topic: Annotated[str, typer.Option(help="Of a bag.")] = "/camera_info",
    as_json: JsonFlag = False,
) -> None:
    """Ask about every frame of a recording and write what is answered.

    The folder gets annotations.parquet (a row per frame and query), annotations.mcap (for Foxglove and rviz), the list
    skipped.json, and is itself a set in Ego-IRGBench's layout, which `annexe train --data` learns from.
    """
    if bool(query) == bool(labels):
        raise typer.BadParameter("give --query or --labels", param_hint="--query")
    with working():
        from annexe_ros.core import Query
        from annexe_ros.data.annotation.job import annotate as run
        from annexe_ros.data.annotation.plan import AnnotationPlan, Labels
        from annexe_ros.data.annotation.training_set import wordings_of

        wordings = tuple(map(wordings_of, query or ()))
        for ways in wordings:
            Query(ways[0] if ways else "")
        plan = AnnotationPlan(
            recording=recording,
            out=out,
            queries=wordings,
            labels=None if labels is None else Labels(labels, labels_split, queries_per_image, seed),
            engine=f"{engine} {model or ''}".strip(),
            split=split,
            every=every,
            min_score=min_score,
            workers=workers,
            gpus=gpus,
            topics={"image": image_topic, "depth": depth_topic, "camera_info": camera_info_topic},
        )
        with progress_bar("annotating") as follow:
            summary = run(plan, partial(open_engine, engine, model, device, dtype), follow)
        result = as_dict(plan, summary)
    if as_json:
        print_json(result)
    else:
        _print_for_people(result)


def as_dict(plan: AnnotationPlan, summary: AnnotationSummary) -> dict[str, Any]:
    """Return what a run did as the JSON object of ``annexe annotate``, with the figures where there are labels."""
    from annexe_ros.data.annotation.annotator import Ending

    counts = {ending.value: len(summary.ended(ending)) for ending in Ending}
    result = {"out": str(plan.out), "frames": summary.frames, "kept": len(summary.kept), **counts}
    return result if plan.labels is None else result | {"evaluation": _evaluated(plan)}


def _evaluated(plan: AnnotationPlan) -> dict[str, Any]:
    from annexe_ros.data.annotation.parts import read_part
    from annexe_ros.data.annotation.plan import PARTS
    from annexe_ros.data.ego_irgbench import EgoIrgBench
    from annexe_ros.evaluation.stored import evaluate_stored

    labels = plan.labels
    if labels is None:
        return {}
    items = map(read_part, sorted((plan.out / PARTS).glob("*.parquet")))
    dataset = EgoIrgBench(labels.root, labels.split)
    return evaluate_stored(items, dataset, labels.queries_per_image, labels.seed).to_json()


def _print_for_people(result: dict[str, Any]) -> None:
    from annexe_ros.data.annotation.plan import SKIPPED, TABLE, VIEW

    typer.echo(
        f"{result['frames']} frames: {result['done']} annotated, {result['kept']} from before, "
        f"{result['skipped']} broken, {result['failed']} not answered (see {SKIPPED})"
    )
    typer.echo(f"{TABLE}, {VIEW} and a training set in {result['out']}")
    if "evaluation" in result:
        from annexe_ros.cli.evaluate import _print_for_people as print_figures

        print_figures(result["evaluation"])
