"""``annexe convert``: a checkpoint of ANNEXE's or EgoVideo's authors becomes a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.assemble import place_checkpoint
from annexe_ros.cli.convert_egovideo import CLIP_TOKENIZER, convert_egovideo
from annexe_ros.cli.terminal import working, writing_into


def convert(
    checkpoint: Annotated[
        Path, typer.Option(help="Checkpoint of ANNEXE's authors, of MiniGPT-v2 (*.pth) or of EgoVideo-B or -L (*.pt).")
    ],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    base: Annotated[
        Path | None,
        typer.Option(help="Folder of 'annexe assemble' with the parts that were frozen; none for EgoVideo."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="What may be left out: a key or the module it begins with; repeatable.")
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(help="EgoVideo's, which is CLIP's: a folder, or a hub id that was downloaded before.")
    ] = CLIP_TOKENIZER,
) -> None:
    """Put the tensors of the authors' training checkpoint into a model assembled from the same parts.

    Without --base the checkpoint is EgoVideo's and becomes a clip encoder whose sizes are told from the tensors.

    Every tensor that has no place is named with the reason, and nothing is written until each of these is dropped by
    name. The authors' mask decoder and indicator have none: they read tokens drawn at random. Ours stay untrained.
    """
    with working(), writing_into(out):
        if base is None:
            convert_egovideo(checkpoint, out, tokenizer)
        else:
            _convert_annexe(checkpoint, base, out, drop or [])
    typer.echo(f"model in {out}")


def _convert_annexe(checkpoint: Path, base: Path, out: Path, drop: list[str]) -> None:
    from annexe_ros.core.errors import CheckpointError
    from annexe_ros.model.assemble import save
    from annexe_ros.training.checkpoint import load_model

    model, processor = load_model(base, dtype="auto")
    if model.config.ground_config is None:
        raise CheckpointError(base, "is a small model; the checkpoint belongs into one of 'annexe assemble'")
    place_checkpoint(model, checkpoint, drop)
    save(model, processor, out)
