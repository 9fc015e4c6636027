"""``annexe procedures`` and ``annexe train-tracker``: films of procedures, and a tracker of their steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.engine import DeviceOption
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working


def procedures(
    out: Annotated[Path, typer.Option(help="Folder of the recordings; those that are finished are kept.")],
    count: Annotated[int, typer.Option(min=1, help="Number of films.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Decides every film.")] = 0,
    takes: Annotated[int, typer.Option(min=1, help="Clips that are rendered per step; films share them.")] = 6,
) -> None:
    """Generate films of a procedure, making tea in six or seven steps, as recordings with steps.json.

    camera_replay plays them; each step is one or two clips of a hand's action (see ``annexe clips``).
    """
    with working():
        from annexe_ros.data.clips.procedure import generate_procedures

        with progress_bar("procedures") as follow:
            names = generate_procedures(out, count, seed, takes, progress=follow)
    typer.echo(f"{len(names)} procedures in {out}")


def train_tracker(
    data: Annotated[Path, typer.Option(help="Folder of recordings with steps.json.")],
    out: Annotated[Path, typer.Option(help="Folder of the tracker.")],
    encoder: Annotated[str, typer.Option(help="Folder or name of the clip encoder.")] = "egovideo-clips",
    held_out: Annotated[Path | None, typer.Option(help="Recordings to measure on.")] = None,
    window: Annotated[float, typer.Option(min=0.1, help="Time that is recognised as a whole [s].")] = 2.0,
    stride: Annotated[float, typer.Option(min=0.05, help="Time between the ends of two windows [s].")] = 0.5,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the recordings.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the training.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Train a tracker of a procedure's steps: a causal MS-TCN on the features of a frozen clip encoder.

    With --held-out it prints the share of windows whose step is recognised (accuracy), and of those after which the
    most probable next step is the one that comes (next_step).
    """
    with working():
        from dataclasses import replace

        from annexe_ros.inference.placement import device_named
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.procedures.tracking import training
        from annexe_ros.video.encoder import ClipEncoder
        from annexe_ros.video.window import WindowShape

        clip_encoder = ClipEncoder.load(resolve_model(encoder), str(device_named(device)))
        config = clip_encoder.config
        shape = WindowShape(window, config.num_frames, config.frame_size, training.MAX_GAP_S)
        with progress_bar("recordings") as follow:
            rehearsals = training.rehearse(data, clip_encoder, shape, stride, follow)
        settings = replace(training.SIZES, epochs=epochs)
        model = training.train_tracker(rehearsals, encoder, window, stride, settings, seed)
        model.save(out)
        figures: dict[str, float] = {}
        if held_out is not None:
            with progress_bar("held out") as follow:
                figures = training.measured(model, training.rehearse(held_out, clip_encoder, shape, stride, follow))
    if as_json:
        print_json(figures)
    else:
        typer.echo("\n".join([f"tracker in {out}", *(f"{name}: {value:.4g}" for name, value in figures.items())]))
