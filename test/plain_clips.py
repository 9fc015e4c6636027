"""Folders of clips without anything to see in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.data.clips.dataset import RenderedClip, write_clip


def write_plain_clips(folder: Path, greys: dict[str, int], frames: int = 3, side: int = 16) -> Path:
    """Write a clip of each name, its frames each a little lighter than the one before, and return the folder."""
    for name in ("frames", "annotations"):
        (folder / name).mkdir()
    box, wording = ((0.0, 0.0, 1.0, 1.0),) * frames, word(np.random.default_rng(0), "push", "mug")
    for name, grey in greys.items():
        annotation = ClipAnnotation(name, "push", "mug", "right", wording, 8.0, box, box, (True,) * frames)
        pictures = [np.full((side, side, 3), grey + 10 * k, np.uint8) for k in range(frames)]
        write_clip(folder, RenderedClip(np.stack(pictures), annotation))
    return folder
