"""The stem's maps of a folder of clips, computed once: the stem doesn't learn, and most of a step's work is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.data.whole import whole
from annexe_ros.video.encoder import ClipEncoder

Follow = Callable[[int, int], None]


def stem_maps(encoder: ClipEncoder, clips: ClipFolder, follow: Follow | None = None) -> NDArray[np.float16]:
    """Return what the tower sees of every clip (clips, T, C, h, w), kept in ``maps/`` beside them and read from there.

    The folder is named after the stem. Clips that came later are added to it. Raises ``DatasetFormatError`` where
    nothing can be written there.
    """
    folder = clips.root / "maps" / _fingerprint(encoder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFormatError(folder, f"can't be made ({error.strerror})") from error
    for place, name in enumerate(clips.ids):
        file = folder / f"{name}.npy"
        if not file.exists():
            with whole(file) as partial, partial.open("wb") as stream:
                np.save(stream, encoder.see_clips([clips.frames(place)])[0].astype(np.float16))
        if follow is not None:
            follow(place + 1, len(clips))
    return np.stack([np.load(folder / f"{name}.npy", allow_pickle=False) for name in clips.ids])


def _fingerprint(encoder: ClipEncoder) -> str:
    """Return a short name for the stem: its weights, the size of the frames that it sees, and its cells."""
    config, stem = encoder.config, encoder.model.stem
    digest = hashlib.sha256(f"{config.frame_size} {config.vision_config.image_size}".encode())
    for weight in [] if stem is None else stem.state_dict().values():
        digest.update(weight.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:12]
