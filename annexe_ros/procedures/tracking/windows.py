"""Features of a recording, window by window, as a live camera's are: nothing later than a window's end is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.video.window import FrameWindow, StampedClip, WindowShape

Features = NDArray[np.float32]
_BATCH = 8


class ClipEmbedder(Protocol):
    """What embeds clips: a ``ClipEncoder``."""

    def embed_clips(self, clips: Sequence[NDArray[np.uint8]]) -> Features:
        """Return unit vectors (B, P) of clips (T, H, W, 3)."""


@dataclass(frozen=True, eq=False)
class EmbeddedWindows:
    """Windows of a recording: stamps of their last frames (T,) [s] from its beginning, and features (T, P)."""

    ends_s: NDArray[np.float64]
    features: Features


def embed_windows(
    frames: Iterable[Frame], encoder: ClipEmbedder, shape: WindowShape, stride_s: float
) -> EmbeddedWindows:
    """Return the windows of a recording that has at least one, ``stride_s`` apart; raises ``DatasetFormatError``."""
    window, clips, first_ns = FrameWindow(shape), list[StampedClip](), None
    for frame in frames:
        first_ns = frame.stamp_ns if first_ns is None else first_ns
        window.add(frame)
        if not clips or frame.stamp_ns - clips[-1].end_ns >= round(stride_s * NANOSECONDS):
            clip = window.clip()
            if clip is not None:
                clips.append(clip)
    if first_ns is None or not clips:
        raise DatasetFormatError("recording", f"is too short, or has too long gaps, for a window of {shape.span_s:g} s")
    batches = (clips[k : k + _BATCH] for k in range(0, len(clips), _BATCH))
    features = np.concatenate([encoder.embed_clips([clip.frames for clip in batch]) for batch in batches])
    return EmbeddedWindows(np.array([(clip.end_ns - first_ns) / NANOSECONDS for clip in clips]), features)
