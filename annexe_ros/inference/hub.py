"""Finds the folder of a hub model that was downloaded before; nothing is downloaded here.

It knows the hub's cache. Models of this package's own are ``resolve``'s.
"""

from __future__ import annotations

from pathlib import Path

from annexe_ros.core.errors import ModelNotFoundError


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
