"""The stem's maps of a folder of clips, computed once: the stem doesn't learn, and most of a step's work is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import pixel_values

Follow = Callable[[int, int], None]


def stem_maps(model: EgoVideoModel, clips: ClipFolder, follow: Follow | None = None) -> NDArray[np.float16]:
    """Return what the tower sees of every clip (clips, T, C, h, w), kept in ``maps/`` beside them and read from there.

    The file is named after the stem's weights. Clips that came later are added to it.
    """
    folder = clips.root / "maps" / _fingerprint(model)
    folder.mkdir(parents=True, exist_ok=True)
    for done, (place, name) in enumerate(enumerate(clips.ids), start=1):
        file = folder / f"{name}.npy"
        if not file.exists():
            partial = file.with_suffix(".partial.npy")
            np.save(partial, _seen(model, clips.frames(place)))
            partial.replace(file)
        if follow is not None:
            follow(done, len(clips))
    return np.stack([np.load(folder / f"{name}.npy", allow_pickle=False) for name in clips.ids])


@torch.inference_mode()
def _seen(model: EgoVideoModel, frames: NDArray[np.uint8]) -> NDArray[np.float16]:
    values = pixel_values([frames], model.config)
    return model.eval().see(values)[0].to(torch.float16).numpy()


def _fingerprint(model: EgoVideoModel) -> str:
    """Return a short name for the stem's weights."""
    digest = hashlib.sha256()
    for weight in [] if model.stem is None else model.stem.state_dict().values():
        digest.update(weight.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:12]
