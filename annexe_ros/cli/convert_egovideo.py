"""``annexe convert-egovideo``: a published EgoVideo checkpoint becomes a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.terminal import working


def convert_egovideo(
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint of EgoVideo-B or -L (*.pt).")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    tokenizer: Annotated[
        str, typer.Option(help="CLIP's tokenizer: a folder, or a hub id that was downloaded before.")
    ] = "openai/clip-vit-base-patch16",
) -> None:
    """Put EgoVideo's weights into a folder that --model of the video verbs takes.

    Sizes are told from the tensors; a tensor that has no place is named and nothing is written.
    """
    with working():
        from transformers import AutoTokenizer

        from annexe_ros.core.errors import CheckpointError, ModelNotFoundError
        from annexe_ros.video import convert_egovideo_checkpoint as reader
        from annexe_ros.video.encoder import ClipEncoder

        try:
            words = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
        except (OSError, ValueError) as error:
            why = f"holds no tokenizer; fetch one with: hf download {tokenizer}"
            raise ModelNotFoundError(tokenizer, why) from error
        state = reader.read_egovideo(checkpoint)
        try:
            model = reader.convert_egovideo(state)
        except ValueError as error:
            raise CheckpointError(checkpoint, str(error)) from error
        ClipEncoder(model, words).save(out)
    typer.echo(f"model in {out}")
