"""Finds the folder of a model from its name, wherever annexe_ros was installed: checkout, colcon overlay or wheel.

It does not know what is in a model folder beyond ``config.json``; whether the model is whole, its engine finds out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import annexe_ros
from annexe_ros.core.errors import ModelNotFoundError

DEFAULT_MODEL = "annexe-scenes"
CONFIG_FILE = "config.json"


def resolve_model(name_or_path: str | Path = DEFAULT_MODEL) -> Path:
    """Return the absolute folder of a model.

    Args:
        name_or_path: a folder, the name of a shipped model, or a hub id ("organisation/name") that was downloaded
            before. Nothing is downloaded here. A folder in the working directory wins over a shipped name.

    Raises ``ModelNotFoundError``, which names the places searched.
    """
    name, folder = str(name_or_path), Path(name_or_path).expanduser()
    if name and folder.is_dir():
        return _checked(folder.absolute())
    if not name or folder.is_absolute() or name.startswith("."):
        raise ModelNotFoundError(name_or_path, "there is no such folder")
    if "/" in name:
        return _cached_from_hub(name)
    searched = [root / name for root in _model_roots()]
    for candidate in searched:
        if candidate.is_dir():
            return _checked(candidate)
    places = ", ".join(str(place.parent) for place in searched) or "no folder of models is installed"
    raise ModelNotFoundError(name, f"there is no such folder and no shipped model of that name (searched: {places})")


def _model_roots() -> Iterator[Path]:
    """Yield folders that may hold shipped models: beside the code first, then the sourced overlays."""
    for package in map(Path, annexe_ros.__path__):
        yield package / "models"  # a wheel carries them as package data
        if (package.parent / "package.xml").is_file():
            yield package.parent / "models"  # a checkout
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        if (share := Path(prefix) / "share" / "annexe_ros").is_dir():
            yield share / "models"


def _checked(folder: Path) -> Path:
    if not (folder / CONFIG_FILE).is_file():
        raise ModelNotFoundError(folder, f"the folder has no {CONFIG_FILE}")
    return folder


def _cached_from_hub(repo_id: str) -> Path:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(repo_id, CONFIG_FILE)
    except HFValidationError:
        raise ModelNotFoundError(repo_id, "there is no such folder, and it isn't a hub id") from None
    if not isinstance(config, str):
        raise ModelNotFoundError(repo_id, f"there is no such folder; fetch a hub model with: hf download {repo_id}")
    return Path(config).parent
