"""``annexe clips``: generate clips of a hand that does one thing with one object."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import progress_bar, working


def clips(
    out: Annotated[Path, typer.Option(help="Folder of the clips; one that was begun is continued.")],
    count: Annotated[int, typer.Option(min=1, help="Number of clips.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Decides every clip.")] = 0,
    size: Annotated[int, typer.Option(min=64, max=224, help="Side of the square frames.")] = 112,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Generate clips of 16 frames (2 s): one hand picks up, pushes, opens, pours, cuts ... one of twelve objects.

    Each has a narration, ten captions with another verb and ten with another noun. Most verbs are another's film shown
    backwards, so that the order of the frames is what tells them apart.
    """
    with working():
        from annexe_ros.data.clips.dataset import generate_clips

        with progress_bar("clips") as follow:
            generate_clips(out, count, seed, size, workers, follow)
    typer.echo(f"{count} clips in {out}")
