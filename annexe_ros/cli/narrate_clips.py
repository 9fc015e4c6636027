"""``annexe narrate-clips``: narrations and hard negatives of generated clips, in the shapes of the published files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import progress_bar, working, writing_into


def narrate_clips(
    data: Annotated[Path, typer.Option(help="Folder of 'annexe clips'.")],
    out: Annotated[Path, typer.Option(help="Folder to write hod.csv and hoi.csv into.")],
    language_model: Annotated[
        Path | None, typer.Option(help="Folder of a chat model of transformers that has a say.")
    ] = None,
) -> None:
    """Write what hands did (hod.csv, as EgoHOD's) and narrations with hard negatives (hoi.csv, as EgoHOIBench's).

    Rules and taxonomies make both. A language model merges narration and motion into one sentence, and suggests the
    negatives' words; where too few of these can be used, the taxonomy's stay.
    """
    with working():
        from annexe_ros.data.clips.dataset import ClipFolder
        from annexe_ros.video.language_model import local_language_model
        from annexe_ros.video.narrations import dynamics_of, narrated, write_ego_clip, write_hod

        clips = ClipFolder(data)
        complete = None if language_model is None else local_language_model(language_model)
        dynamics, narrations = [], []
        with writing_into(out), progress_bar("clips") as follow:
            for place in range(len(clips)):
                clip = clips.annotation(place)
                dynamics.append(dynamics_of(clip, complete))
                narrations.append(narrated(clip, complete))
                follow(place + 1, len(clips))
        write_hod(out / "hod.csv", dynamics)
        write_ego_clip(out / "hoi.csv", narrations)
    typer.echo(f"narrations of {len(clips)} clips in {out}")
