"""Embeds clips that overlap: a frame that is in several of them is looked at once, which is most of the work."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.video.window import StampedClip

Floats = NDArray[np.float32]


class FrameEncoder(Protocol):
    """What looks at frames one by one, and embeds what it saw of a clip: a ``ClipEncoder``."""

    def see_frames(self, frames: NDArray[np.uint8]) -> Floats:
        """Return what is seen of frames (N, H, W, 3), each for itself: (N, C, h, w)."""

    def embed_maps(self, maps: NDArray[np.floating]) -> Floats:
        """Return unit vectors (B, P) of what was seen of clips (B, T, C, h, w)."""


class SeenFrames:
    """Remembers what was seen of the last clip's frames. For one camera and one thread at a time."""

    def __init__(self, encoder: FrameEncoder) -> None:
        self._encoder = encoder
        self._maps: dict[int, Floats] = {}

    def embed(self, clip: StampedClip) -> Floats:
        """Return the unit vector (P,) of a clip; frames of a stamp are the same frame, until the clock jumps back."""
        known = {} if self._maps and clip.start_ns < min(self._maps) else self._maps
        places = {stamp: place for place, stamp in enumerate(clip.stamps_ns)}
        new = [stamp for stamp in places if stamp not in known]
        if new:
            seen = self._encoder.see_frames(clip.frames[[places[stamp] for stamp in new]])
            known = known | dict(zip(new, seen, strict=True))
        self._maps = {stamp: known[stamp] for stamp in places}
        return self._encoder.embed_maps(np.stack([known[stamp] for stamp in clip.stamps_ns])[None])[0]
