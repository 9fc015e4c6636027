"""Makes the engine that a parameter or option names; the libraries behind one are imported only when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annexe_ros.core import EngineKind, Interpreter, Precision
from annexe_ros.core.errors import EngineError, MissingDependencyError
from annexe_ros.inference.own_thread import in_own_thread
from annexe_ros.inference.resolve import DEFAULT_MODEL, resolve_model
from annexe_ros.inference.scripted import Script, ScriptedEngine
from annexe_ros.inference.vlm_sam.settings import OpenAISettings, VlmSamSettings, read_settings

INSTALL_TORCH = "pip install torch==2.13.0 'transformers>=5.23' (beside ROS: in a venv with --system-site-packages)"
INSTALL_OPENAI = "pip install 'openai>=3'"
SCRIPT_SUFFIX = ".json"


def create_engine(
    kind: str, model: str | Path = DEFAULT_MODEL, device: str = "auto", dtype: str = Precision.FLOAT32, **options: Any
) -> Interpreter:
    """Make an engine.

    Args:
        kind: one of ``EngineKind``.
        model: for ``annexe`` a model folder or the name of a shipped one; for ``scripted`` a script (``*.json``),
            any other value stands for the default script; for ``remote`` a file of settings (YAML) or a URL;
            for ``vlm_sam`` and ``openai`` a file of settings (YAML or JSON, see docs/engines.md).
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; only engines with weights look at it,
        dtype: and at this: one of ``Precision``.
        options: what else the engine's constructor takes.

    Raises:
        EngineError: no such engine.
        MissingDependencyError: a library that the engine needs isn't installed.
        ModelNotFoundError: the model folder is missing or damaged.
        ParameterError: a file of settings can't be read, or says something that isn't allowed.
        DatasetFormatError: the script can't be read.
    """
    match kind:
        case EngineKind.ANNEXE:
            return _annexe(model, device, dtype, **options)
        case EngineKind.SCRIPTED:
            return _scripted(model, **options)
        case EngineKind.REMOTE:
            return _remote(model)
        case EngineKind.VLM_SAM:
            return _vlm_sam(model, device)
        case EngineKind.OPENAI:
            return _openai(model, device)
    raise EngineError(f"unknown engine '{kind}'; there are: {', '.join(EngineKind)}")


def load_engine(kind: str, model: str | Path, device: str, dtype: str) -> Interpreter:
    """Return an engine that is warm, for another thread to ask it; arguments and errors are ``create_engine``'s."""

    def load() -> Interpreter:
        engine = create_engine(kind, model, device, dtype)
        engine.warm_up()
        return engine

    return in_own_thread(load)


def _annexe(model: str | Path, device: str, dtype: str, **options: Any) -> Interpreter:
    folder = resolve_model(model)  # before the libraries, which take seconds to import
    with _libraries_of(EngineKind.ANNEXE, INSTALL_TORCH):
        from annexe_ros.inference.annexe import AnnexeEngine
    return AnnexeEngine(folder, device, dtype, **options)


def _vlm_sam(model: str | Path, device: str) -> Interpreter:
    settings = read_settings(model, VlmSamSettings)
    with _libraries_of(EngineKind.VLM_SAM, INSTALL_TORCH):
        from annexe_ros.inference.vlm_sam.assembly import open_vlm_sam
    return open_vlm_sam(settings, device)


def _openai(model: str | Path, device: str) -> Interpreter:
    settings = read_settings(model, OpenAISettings)
    with _libraries_of(EngineKind.OPENAI, INSTALL_OPENAI):
        from annexe_ros.inference.openai_server import open_openai
    with _libraries_of(EngineKind.OPENAI, INSTALL_TORCH):  # those of its grounder
        return open_openai(settings, device)


@contextmanager
def _libraries_of(kind: EngineKind, install: str) -> Iterator[None]:
    """Name the library that isn't installed, and how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("annexe_ros"):
            raise
        raise MissingDependencyError(f"'{error.name}', which the engine '{kind}' needs,", install) from error


def _remote(model: str | Path) -> Interpreter:
    from annexe_ros.inference.remote.engine import RemoteEngine

    return RemoteEngine.from_model(model)


def _scripted(model: str | Path, **options: Any) -> Interpreter:
    path = Path(model)
    if path.suffix != SCRIPT_SUFFIX:
        return ScriptedEngine(**options)
    return ScriptedEngine(Script.from_file(path), path.stem, **options)
