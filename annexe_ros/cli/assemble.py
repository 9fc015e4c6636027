"""``annexe assemble``: a model folder at the paper's size from its published parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annexe_ros.cli.terminal import working, writing_into

if TYPE_CHECKING:
    from annexe_ros.model import AnnexeForEgoIRG

DTYPES = ("bfloat16", "float16", "float32")


def assemble(
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    llm: Annotated[
        str, typer.Option(help="Causal language model: folder or hub id.")
    ] = "meta-llama/Llama-2-7b-chat-hf",
    vision: Annotated[
        str, typer.Option(help="Vision tower, or a model that has one: folder or hub id.")
    ] = "Salesforce/blip2-opt-2.7b",
    depth: Annotated[
        str, typer.Option(help="Depth Anything: folder or hub id.")
    ] = "depth-anything/Depth-Anything-V2-Base-hf",
    minigpt_v2: Annotated[
        Path | None, typer.Option("--minigpt-v2", help="MiniGPT-v2's checkpoint, for its projection and LoRA.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="What of that checkpoint may be left out: a key or its beginning.")
    ] = None,
    lora_rank: Annotated[int, typer.Option(min=0, help="Of the language model's adapters; 0: none.")] = 64,
    analysis_guided: Annotated[
        bool, typer.Option("--analysis-guided", help="Let the analysis condition the answer.")
    ] = False,
    dtype: Annotated[str, typer.Option(help=f"Of the weights: {', '.join(DTYPES)}.")] = DTYPES[0],
) -> None:
    """Build a model folder of the paper's layout from a language model, a vision tower and a depth model.

    Parts that are not on disk are fetched from the hub. What joins them is untrained, so this is where `annexe train`
    begins and where `annexe convert` puts the authors' weights.
    """
    with working(), writing_into(out):
        import torch

        from annexe_ros.core.errors import CheckpointError, ParameterError
        from annexe_ros.model import PAPER_LORA
        from annexe_ros.model import assemble as parts

        if dtype not in DTYPES:
            raise ParameterError(f"unknown dtype '{dtype}'; use {', '.join(DTYPES)}")
        lora = PAPER_LORA | {"r": lora_rank} if lora_rank else None
        try:
            model, processor = parts.assemble(
                llm, vision, depth, getattr(torch, dtype), lora=lora, analysis_guided=analysis_guided
            )
        except (OSError, ValueError) as error:
            raise CheckpointError(out, f"can't be assembled: {_first_line(error)}") from error
        if minigpt_v2 is not None:
            place_checkpoint(model, minigpt_v2, drop or [])
        parts.save(model, processor, out)
    typer.echo(f"model in {out}")


def place_checkpoint(model: AnnexeForEgoIRG, path: Path, drop: list[str]) -> None:
    """Put a checkpoint into a model; tells on stderr what was placed, and names all that could not be.

    Raises ``CheckpointError``.
    """
    from annexe_ros.core.errors import CheckpointError
    from annexe_ros.model.convert_annexe_checkpoint import UnplacedKeysError, place, read_checkpoint

    try:
        conversion = place(model, read_checkpoint(path), drop)
    except UnplacedKeysError as error:
        for key, why in error.keys.items():
            typer.echo(f"not placed: {key}: {why}", err=True)
        modules = sorted({key.partition(".")[0] for key in error.keys})
        accept = " ".join(f"--drop {module}" for module in modules)
        raise CheckpointError(path, f"{error}; nothing was written; to go on without them: {accept}") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(path, _first_line(error)) from error
    typer.echo(f"{len(conversion.placed)} tensors placed, {len(conversion.dropped)} left out", err=True)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
