"""``annexe train-clips``: train the clip encoder on generated clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import progress_bar, working, writing_into


def train_clips(
    data: Annotated[Path, typer.Option(help="Folder of 'annexe clips'.")],
    out: Annotated[Path, typer.Option(help="Model folder to write, with log and checkpoint.")],
    objective: Annotated[str, typer.Option(help="egonce++ or infonce.")] = "egonce++",
    motion_adapters: Annotated[bool, typer.Option(help="Of a new encoder's fast path.")] = True,
    scene_model: Annotated[
        str, typer.Option(help="Folder or name of the scene model whose image encoder is a new encoder's stem.")
    ] = "annexe-scenes",
    start_from: Annotated[Path | None, typer.Option(help="Model folder to go on with; else a new small one.")] = None,
    lora_rank: Annotated[int, typer.Option(min=0, help="Adapters learn beside the video tower; 0: the tower.")] = 0,
    steps: Annotated[int, typer.Option(min=1)] = 2000,
    batch_size: Annotated[int, typer.Option(min=2, help="Clips per step.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = 1e-3,
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="Quicker on processors that compute in it.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and wordings.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
) -> None:
    """Teach clips and narrations to meet, with EgoNCE++ (hard negatives, noun positives) or InfoNCE."""
    with working(), writing_into(out):
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.video.training.run import train_clip_encoder
        from annexe_ros.video.training.settings import ClipTrainingSettings, Objective

        try:
            chosen = Objective(objective)
        except ValueError as error:
            raise typer.BadParameter("is egonce++ or infonce", param_hint="--objective") from error
        settings = ClipTrainingSettings(
            data=data, out=out, objective=chosen, motion_adapters=motion_adapters, start_from=start_from,
            scene_model=None if start_from else resolve_model(scene_model), lora_rank=lora_rank, steps=steps,
            batch_size=batch_size, learning_rate=learning_rate, bfloat16=bfloat16, warmup_steps=min(100, steps // 4),
            seed=seed,
        )  # fmt: skip
        with progress_bar("training") as follow:
            folder = train_clip_encoder(settings, resume, follow, lambda told: typer.echo(told, err=True))
    typer.echo(f"model in {folder}")
