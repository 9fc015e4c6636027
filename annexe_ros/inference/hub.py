"""Finds and reads hub models that were downloaded before; nothing is downloaded here.

It knows the hub's cache, and how transformers' ways to fail read in one sentence. Models of this package's own are
``resolve``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from annexe_ros.core.errors import ModelNotFoundError

Part = TypeVar("Part")


def downloaded(name_or_path: str | Path, file: str = "config.json") -> Path:
    """Return the folder of a model given as a folder or as a hub id ("organisation/name").

    Args:
        name_or_path: what a settings file names.
        file: what the folder must hold to be a model of its kind.

    Raises ``ModelNotFoundError``, for a hub id with the command that fetches it.
    """
    folder = Path(name_or_path).expanduser()
    if not folder.is_dir():
        folder = _cached(str(name_or_path))
    if not (folder / file).is_file():
        raise ModelNotFoundError(name_or_path, f"the folder has no {file}")
    return folder.absolute()


def readable(name: str, read: Callable[[], Part]) -> Part:
    """Return what ``read`` makes of the folder of model ``name``; raises ``ModelNotFoundError`` for whatever it raises.

    transformers, peft and safetensors raise anything for a damaged or unfitting folder; all of it means just that.
    """
    try:
        return read()
    except Exception as error:
        raise ModelNotFoundError(name, f"can't be loaded ({type(error).__name__}: {first_line(error)})") from error


def network_of(name: str, folder: Path, kind: Any, **options: Any) -> Any:
    """Return the network of a model's folder, loaded by a class ``kind`` of transformers.

    Raises ``ModelNotFoundError`` also where weights are missing, which transformers would make up and only warn of.
    """
    from annexe_ros.model.bars import bars_on_terminals_only

    with bars_on_terminals_only():
        network, found = readable(
            name, lambda: kind.from_pretrained(folder, local_files_only=True, output_loading_info=True, **options)
        )
    check_whole(name, found)
    return network


def check_whole(name: str | Path, found: Mapping[str, Any]) -> None:
    """Raise ``ModelNotFoundError`` where transformers' ``output_loading_info`` of a model tells of missing weights."""
    if missing := sorted(found["missing_keys"]):
        raise ModelNotFoundError(name, f"{len(missing)} of its weights are missing, the first is {missing[0]}")


def first_line(error: BaseException) -> str:
    """Return what an error says first, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]


def _cached(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo_id, local_files_only=True))
    except HFValidationError:
        raise ModelNotFoundError(repo_id, "there is no such folder, and it isn't a hub id") from None
    except LocalEntryNotFoundError:
        raise ModelNotFoundError(
            repo_id, f"there is no such folder; fetch a hub model with: hf download {repo_id}"
        ) from None
