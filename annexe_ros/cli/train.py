"""``annexe train``: train a model, or go on with one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import working, writing_into


def train(
    data: Annotated[Path, typer.Option(help="Folder in Ego-IRGBench's layout; its split 'train' is used.")],
    out: Annotated[Path, typer.Option(help="Model folder to write, with log and checkpoint.")],
    start_from: Annotated[
        str | None, typer.Option(help="Model folder or name to fine-tune; else from scratch.")
    ] = None,
    backbone_weights: Annotated[
        Path | None, typer.Option(help="EfficientNet-Lite0's published weights, to begin from scratch with.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1)] = 6000,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 16,
    queries_per_image: Annotated[int, typer.Option(min=1, help="Questions per image and step.")] = 6,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = 1e-3,
    accumulation: Annotated[int, typer.Option(min=1, help="Batches whose gradients make one step.")] = 1,
    gradient_checkpointing: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Less memory for more time: for large models.")
    ] = False,
    analysis_guided: Annotated[
        bool, typer.Option("--analysis-guided", help="Let the analysis condition answers and grounding.")
    ] = False,
    lora_rank: Annotated[
        int, typer.Option(min=0, help="Adapters beside the language model learn in its place; 0: none.")
    ] = 0,
    freeze: Annotated[
        list[str] | None, typer.Option(help="Module that doesn't learn, e.g. backbone.stages.0; repeatable.")
    ] = None,
    encoder_rate: Annotated[float, typer.Option(min=0.0, help="The image encoder's share of the learning rate.")] = 1.0,
    loss_weight: Annotated[
        list[str] | None, typer.Option(help="Weight of a loss other than the paper's, e.g. mask=0.3; repeatable.")
    ] = None,
    mirror: Annotated[bool, typer.Option(help="Show every other generated scene in a mirror.")] = True,
    renamed: Annotated[float, typer.Option(min=0, max=1, help="Share of scenes whose things swap names.")] = 0.0,
    warmup_steps: Annotated[int, typer.Option(min=0, help="Until the learning rate is reached; then cosine.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order, questions and augmentation.")] = 0,
    vision_only: Annotated[
        bool, typer.Option("--vision-only", help="Teach the image encoder alone; a first stage.")
    ] = False,
    mixed_precision: Annotated[str, typer.Option(help="bf16, fp16 (GPU) or no.")] = "bf16",
    workers: Annotated[int, typer.Option(min=0, help="Processes that read and augment images.")] = 0,
    cache_gb: Annotated[
        float, typer.Option(min=0.0, help="Decoded images that each process or worker keeps in memory [GB].")
    ] = 2.0,
    save_every: Annotated[int, typer.Option(min=1, help="Steps from one checkpoint to the next.")] = 200,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Curves for TensorBoard too.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
) -> None:
    """Train ANNEXE on a data set in Ego-IRGBench's layout, generated or real."""
    with working(), writing_into(out):
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.training.losses import LossWeights
        from annexe_ros.training.run import train as run_training
        from annexe_ros.training.settings import TrainingSettings

        settings = TrainingSettings(
            data=data,
            out=out,
            start_from=None if start_from is None else resolve_model(start_from),
            backbone_weights=backbone_weights,
            steps=steps,
            batch_size=batch_size,
            queries_per_image=queries_per_image,
            learning_rate=learning_rate,
            accumulation=accumulation,
            gradient_checkpointing=gradient_checkpointing,
            analysis_guided=analysis_guided,
            lora_rank=lora_rank,
            frozen=tuple(freeze or ()),
            encoder_rate=encoder_rate,
            mirror=mirror,
            renamed=renamed,
            warmup_steps=warmup_steps,
            seed=seed,
            vision_only=vision_only,
            mixed_precision=mixed_precision,
            workers=workers,
            cache_gb=cache_gb,
            save_every=save_every,
            tensorboard=tensorboard,
            weights=LossWeights().changed(loss_weight or ()),
        )
        folder = run_training(settings, resume)
    typer.echo(f"model in {folder}")
