"""``annexe video-zero-shot``: the published benchmarks of clip encoders, from their own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import JsonFlag, print_json, working
from annexe_ros.cli.video_benchmark import DEFAULT_ENCODER


def video_zero_shot(
    model: Annotated[str, typer.Option(help="Folder or name of a clip encoder.")] = DEFAULT_ENCODER,
    ego4d: Annotated[Path | None, typer.Option(help="Ego4D, <video>.mp4/<start second>.mp4 of 300 s.")] = None,
    ego_hoi_bench: Annotated[Path | None, typer.Option(help="EgoMCQ_hardnegHOI.csv (tab separated).")] = None,
    ego_mcq: Annotated[Path | None, typer.Option(help="egomcq.json.")] = None,
    epic: Annotated[Path | None, typer.Option(help="EPIC-KITCHENS, <participant>/videos/<video>.MP4.")] = None,
    epic_annotations: Annotated[Path | None, typer.Option(help="Folder of the EPIC_100_*.csv.")] = None,
    egtea: Annotated[Path | None, typer.Option(help="EGTEA's cropped clips, a folder per recording.")] = None,
    egtea_annotations: Annotated[Path | None, typer.Option(help="Folder of action_idx.txt, test_split1.txt.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run every benchmark whose annotations and videos are given, and print one table beside the published rows.

    hoi: EgoHOIBench; mir, cls: EPIC-KITCHENS-100 retrieval and classes; egtea; mcq: EgoMCQ. Ties are lost. A malformed
    file or a missing video ends the run.
    """
    with working():
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.video.benchmarks.runner import table
        from annexe_ros.video.benchmarks.zero_shot import Sources, zero_shot
        from annexe_ros.video.encoder import ClipEncoder

        sources = Sources(ego4d, ego_hoi_bench, ego_mcq, epic, epic_annotations, egtea, egtea_annotations)
        if sources == Sources():
            raise typer.BadParameter("name the annotations of a benchmark, and its videos")
        encoder = ClipEncoder.load(resolve_model(model))
        figures = zero_shot(encoder, sources, lambda name: typer.echo(name, err=True))
    if as_json:
        print_json(figures)
    else:
        typer.echo(table({model: figures}), nl=False)
