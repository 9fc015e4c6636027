"""``annexe scenes``: generate a data set of synthetic scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import progress_bar, working
from annexe_ros.data.scenes import IMAGE_HEIGHT, IMAGE_WIDTH

FILM_SECONDS, FILM_RATE_HZ = 10.0, 5.0


def scenes(
    out: Annotated[Path, typer.Option(help="Folder of the data set; one that was begun is continued.")],
    count: Annotated[int, typer.Option(min=1, help="Number of scenes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Decides every scene; each split needs its own.")] = 0,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
    unseen: Annotated[bool, typer.Option(help="Only touches that no other scene has (see below).")] = False,
    width: Annotated[int, typer.Option(min=64, help="Of the images.")] = IMAGE_WIDTH,
    height: Annotated[int, typer.Option(min=48, help="Of the images.")] = IMAGE_HEIGHT,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    film: Annotated[
        int | None, typer.Option(min=0, help="Film this scene of the seed for 10 s instead: a recording to replay.")
    ] = None,
) -> None:
    """Generate synthetic egocentric RGB-D scenes in Ego-IRGBench's layout, with everything that is known of them.

    A hand that touches an object on a surface makes a combination (category, hand, surface). With c, h and s their
    positions in the lists of categories, hands (left 0, right 1) and surfaces, the combinations with
    (3c + 4h + 5s) mod 8 = 0 are never drawn, except with --unseen, which then draws no other: two of the sixteen
    categories for each hand and surface.
    """
    with working():
        from annexe_ros.data.ego_irgbench import check_split
        from annexe_ros.data.scenes.dataset import generate

        check_split(out, split)
        if film is not None:
            from annexe_ros.data.scenes.film import write_recording

            with progress_bar("frames") as follow:
                write_recording(out, seed, film, FILM_SECONDS, FILM_RATE_HZ, width, height, follow)
        else:
            with progress_bar("scenes") as follow:
                generate(out, count, seed, split, unseen, width, height, workers, follow)
    typer.echo(f"recording of scene {film} in {out}" if film is not None else f"{count} scenes in {out}, split {split}")
