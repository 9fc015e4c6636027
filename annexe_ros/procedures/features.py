"""Feature files: CLIP and I3D of whole videos (``<uid>.pt``), and of the clips of skill assessment (``.npz``).

Nothing is unpickled: tensors are loaded with ``weights_only``, arrays without objects. Which video or clip a file
belongs to is its name's word.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError

CLIP_RATE_HZ = 5.0
CLIP_WIDTH = 768
I3D_RATE_HZ = 25.0
I3D_WIDTH = 1024
RATE_HZ = CLIP_RATE_HZ
"""What models are fed, whatever the kind: of I3D, as with the authors, every fifth."""
SKILL_LENGTH = 10
SKILL_WIDTHS = (768, 1024)
"""VideoMAE-B; I3D and VideoMAE-L."""


def read_clip_features(path: Path | str) -> NDArray[np.float32]:
    """Return CLIP features (T, 768), five a second; raises ``DatasetFormatError``."""
    return _checked(path, _tensor(path), CLIP_WIDTH, "CLIP")


def read_i3d_features(path: Path | str) -> NDArray[np.float32]:
    """Return I3D features (T, 1024), 25 a second; (T, 1024, k) is averaged over k. Raises ``DatasetFormatError``."""
    array = _tensor(path)
    return _checked(path, array.mean(axis=2) if array.ndim == 3 and array.size else array, I3D_WIDTH, "I3D")


def read_video_features(path: Path | str) -> tuple[str, NDArray[np.float32]]:
    """Return ("CLIP" or "I3D", features (T, D)), told apart by their width; raises ``DatasetFormatError``."""
    array = _tensor(path)
    if array.ndim > 1 and array.shape[1] == CLIP_WIDTH:
        return "CLIP", read_clip_features(path)
    return "I3D", read_i3d_features(path)


def read_skill_features(path: Path | str) -> NDArray[np.float32]:
    """Return the features (10, 768 or 1024) of a skill clip; raises ``DatasetFormatError``."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            array = np.asarray(archive["arr_0"])[0]
    except (OSError, EOFError, KeyError, IndexError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise DatasetFormatError(path, f"is not an .npz with arr_0: {error}") from error
    if array.ndim != 2 or array.shape[0] != SKILL_LENGTH or array.shape[1] not in SKILL_WIDTHS:
        raise DatasetFormatError(path, f"arr_0[0] is {array.shape}, not ({SKILL_LENGTH}, 768 or 1024)")
    return _finite(path, array.astype(np.float32))


class FeatureFolder:
    """The feature files of one kind below a folder, by name: ``.pt`` of videos, or ``.npz`` of skill clips."""

    def __init__(self, root: Path | str, suffix: str = ".pt") -> None:
        """Look for the files; raises ``DatasetFormatError`` where there is none, or two of one name."""
        self.root = Path(root)
        self._paths: dict[str, Path] = {}
        for path in sorted(self.root.rglob(f"*{suffix}")):
            if self._paths.setdefault(path.stem, path) != path:
                raise DatasetFormatError(path, f"has the name of {self._paths[path.stem]}; name a folder of one kind")
        if not self._paths:
            raise DatasetFormatError(root, f"no such folder, or one without {suffix} files")

    def require(self, names: Iterable[str]) -> None:
        """Raise ``DatasetFormatError`` where one of these videos or clips has no file."""
        lacking = [name for name in names if name not in self._paths]
        if lacking:
            raise DatasetFormatError(self.root, f"lacks the features of {len(lacking)}, the first being {lacking[0]}")

    def video(self, uid: str, width: int | None = None) -> NDArray[np.float32]:
        """Return a video's features (T, 768 or 1024), five a second, of that width; raises ``DatasetFormatError``."""
        self.require([uid])
        kind, array = read_video_features(self._paths[uid])
        if width not in (None, array.shape[1]):
            raise DatasetFormatError(self._paths[uid], f"has {array.shape[1]} values a frame, the model takes {width}")
        return array if kind == "CLIP" else array[:: round(I3D_RATE_HZ / RATE_HZ)]

    def clip(self, name: str) -> NDArray[np.float32]:
        """Return a skill clip's features (10, 768 or 1024); raises ``DatasetFormatError``."""
        self.require([name])
        return read_skill_features(self._paths[name])

    def clips(self, names: Iterable[str], width: int | None = None) -> NDArray[np.float32]:
        """Return the features (N, 10, D) of skill clips, of that width; raises ``DatasetFormatError``."""
        self.require(listed := list(names))
        arrays = [self.clip(name) for name in listed]
        widths = {array.shape[1] for array in arrays}
        if len(widths) > 1 or width not in (None, *widths):
            raise DatasetFormatError(self.root, f"has {widths} values a moment, not {width or 'one number of them'}")
        return np.stack(arrays)


def _tensor(path: Path | str) -> NDArray[np.float32]:
    try:
        tensor = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes that are no pickle let the unpickler raise anything, IndexError for one
        first_line = str(error).partition("\n")[0] or type(error).__name__
        raise DatasetFormatError(path, f"is not a saved tensor: {first_line}") from error
    if not isinstance(tensor, torch.Tensor):
        raise DatasetFormatError(path, f"holds a {type(tensor).__name__}, not a tensor")
    return tensor.detach().float().numpy()


def _checked(path: Path | str, array: NDArray[np.float32], width: int, kind: str) -> NDArray[np.float32]:
    if array.ndim != 2 or array.shape[1] != width or not len(array):
        raise DatasetFormatError(path, f"is {array.shape}; {kind} features are (T, {width})")
    return _finite(path, array)


def _finite(path: Path | str, array: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(array).all():
        raise DatasetFormatError(path, "holds values that aren't finite")
    return array
