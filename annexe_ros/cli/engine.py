"""The options by which verbs name an engine, and the engine that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from annexe_ros.core import Interpreter

EngineOption = Annotated[
    str, typer.Option("--engine", help="Who answers: annexe, vlm_sam, openai, remote, or scripted for trials.")
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Model folder or name, default: the shipped model; for vlm_sam, openai and remote a file of settings.",
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
DtypeOption = Annotated[str, typer.Option("--dtype", help="Weights as float32, bfloat16, float16, int8 or int4.")]

DEFAULT_ENGINE = "annexe"
DEFAULT_DTYPE = "float32"


def open_engine(kind: str, model: str | None, device: str, dtype: str = DEFAULT_DTYPE) -> Interpreter:
    """Make the engine; raises what ``create_engine`` raises."""
    from annexe_ros.inference.engines import create_engine

    named = {} if model is None else {"model": model}
    return create_engine(kind, device=device, dtype=dtype, **named)
