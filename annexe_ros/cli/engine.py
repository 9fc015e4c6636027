"""The options by which verbs name an engine, and the engine that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from annexe_ros.core import Interpreter

EngineOption = Annotated[str, typer.Option("--engine", help="Who answers: 'annexe', or 'scripted' for trials.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model folder or name; default: the shipped model.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]

DtypeOption = Annotated[
    str | None, typer.Option("--dtype", help="Weights as float32 (default), bfloat16, float16, int8 or int4.")
]

DEFAULT_ENGINE = "annexe"


def open_engine(kind: str, model: str | None, device: str, dtype: str | None = None) -> Interpreter:
    """Make the engine; ``dtype`` is for engines with weights. Raises what ``create_engine`` raises."""
    from annexe_ros.inference.engines import create_engine

    options = (
        {"device": device} | ({} if model is None else {"model": model}) | ({} if dtype is None else {"dtype": dtype})
    )
    return create_engine(kind, **options)
