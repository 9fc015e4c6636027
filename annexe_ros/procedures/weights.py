"""Folders of trained feature-based models: ``settings.json`` and ``weights.safetensors``.

A folder says which task it is for, so that one can't be taken for another's.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Protocol, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from annexe_ros.core.errors import ModelNotFoundError

SETTINGS, WEIGHTS = "settings.json", "weights.safetensors"

Model = TypeVar("Model", bound=nn.Module)


class Configured(Protocol):
    """A module that remembers the dataclass that it was made from."""

    settings: Any

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name."""


def save_model(folder: Path | str, task: str, model: Configured) -> None:
    """Write a model; the folder is made."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = {"task": task, **dataclasses.asdict(model.settings)}
    (folder / SETTINGS).write_text(json.dumps(written, indent=1) + "\n")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / WEIGHTS)


def load_model(folder: Path | str, task: str, kind: type[Model], settings: type[Any]) -> Model:
    """Return the model of a folder, for evaluation; raises ``ModelNotFoundError`` where it isn't one of that task."""
    folder = Path(folder)
    written = _settings(folder, task)
    try:
        model = kind(settings(**written))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelNotFoundError(folder, f"can't be loaded ({_first_line(error)})") from error
    return model.eval()


def _settings(folder: Path, task: str) -> dict[str, Any]:
    try:
        written = json.loads((folder / SETTINGS).read_text())
        found = written.pop("task")
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise ModelNotFoundError(folder, f"has no {SETTINGS} of a trained model ({_first_line(error)})") from error
    if found != task:
        raise ModelNotFoundError(folder, f"is a model for {found}, not for {task}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in written.items()}


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
