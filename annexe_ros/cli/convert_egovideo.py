"""The part of ``annexe convert`` that turns a published EgoVideo checkpoint into a model folder."""

from __future__ import annotations

from pathlib import Path

CLIP_TOKENIZER = "openai/clip-vit-base-patch16"


def convert_egovideo(checkpoint: Path, out: Path, tokenizer: str) -> None:
    """Put EgoVideo's weights, and CLIP's tokenizer, into a folder that ``ClipEncoder.load`` takes.

    A tensor that has no place is named and nothing is written. Raises ``CheckpointError`` and, where there is no
    tokenizer, ``ModelNotFoundError``.
    """
    from transformers import AutoTokenizer

    from annexe_ros.core.errors import CheckpointError, ModelNotFoundError
    from annexe_ros.video import convert_egovideo_checkpoint as reader
    from annexe_ros.video.encoder import ClipEncoder

    state = reader.read_egovideo(checkpoint)
    try:
        model = reader.convert_egovideo(state)
    except ValueError as error:
        raise CheckpointError(checkpoint, f"{error}; for a checkpoint of ANNEXE's authors name the --base") from error
    try:
        words = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
    except (OSError, ValueError) as error:
        why = f"holds no tokenizer; fetch one with: hf download {tokenizer}"
        raise ModelNotFoundError(tokenizer, why) from error
    ClipEncoder(model, words).save(out)
