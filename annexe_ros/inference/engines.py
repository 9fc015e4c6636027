"""Makes the engine that a parameter or option names; the libraries behind one are imported only when it is made."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

from annexe_ros.core import Interpreter
from annexe_ros.core.errors import EngineError, MissingDependencyError
from annexe_ros.inference.resolve import DEFAULT_MODEL, resolve_model
from annexe_ros.inference.scripted import Script, ScriptedEngine

INSTALL_TORCH = "pip install torch==2.13.0 'transformers>=5' (on a robot: in a venv made with --system-site-packages)"
SCRIPT_SUFFIX = ".json"


class EngineKind(enum.StrEnum):
    """The engines there are."""

    ANNEXE = "annexe"
    SCRIPTED = "scripted"
    REMOTE = "remote"


def create_engine(
    kind: str, model: str | Path = DEFAULT_MODEL, device: str = "auto", dtype: str = "float32", **options: Any
) -> Interpreter:
    """Make an engine.

    Args:
        kind: one of ``EngineKind``.
        model: for ``annexe`` a model folder or the name of a shipped one; for ``scripted`` a script (``*.json``),
            any other value stands for the default script; for ``remote`` a file of settings (YAML) or a URL.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; only engines with weights look at it,
        dtype: and at this: ``float32``, ``bfloat16``, ``float16``, ``int8`` or ``int4``.
        options: what else the engine's constructor takes.

    Raises:
        EngineError: no such engine.
        MissingDependencyError: a library that the engine needs isn't installed.
        ModelNotFoundError: the model folder is missing or damaged.
        DatasetFormatError: the script can't be read.
    """
    match kind:
        case EngineKind.ANNEXE:
            return _annexe(model, device, dtype, **options)
        case EngineKind.SCRIPTED:
            return _scripted(model, **options)
        case EngineKind.REMOTE:
            return _remote(model)
    raise EngineError(f"unknown engine '{kind}'; there are: {', '.join(EngineKind)}")


def _annexe(model: str | Path, device: str, dtype: str, **options: Any) -> Interpreter:
    folder = resolve_model(model)  # before the libraries, which take seconds to import
    try:
        from annexe_ros.inference.annexe import AnnexeEngine
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("annexe_ros"):
            raise
        raise MissingDependencyError(f"'{error.name}', which the engine 'annexe' needs,", INSTALL_TORCH) from error
    return AnnexeEngine(folder, device, dtype, **options)


def _remote(model: str | Path) -> Interpreter:
    from annexe_ros.inference.remote.engine import RemoteEngine

    return RemoteEngine.from_model(model)


def _scripted(model: str | Path, **options: Any) -> Interpreter:
    path = Path(model)
    if path.suffix != SCRIPT_SUFFIX:
        return ScriptedEngine(**options)
    return ScriptedEngine(Script.from_file(path), path.stem, **options)
