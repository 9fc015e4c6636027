"""Features of a recording, window by window, as a live camera's are: nothing later than a window's end is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.video.live import ClipFeed
from annexe_ros.video.window import StampedClip, WindowShape

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
    clips, begin_ns = list[StampedClip](), None
    feed = ClipFeed(shape, stride_s, clips.append, _AtOnce())
    for frame in frames:
        begin_ns = frame.stamp_ns if begin_ns is None else begin_ns
        feed.add(frame)
    if begin_ns is None or not clips:
        raise DatasetFormatError("recording", f"is too short, or has too long gaps, for a window of {shape.span_s:g} s")
    batches = (clips[k : k + _BATCH] for k in range(0, len(clips), _BATCH))
    features = np.concatenate([encoder.embed_clips([clip.frames for clip in batch]) for batch in batches])
    return EmbeddedWindows(np.array([(clip.end_ns - begin_ns) / NANOSECONDS for clip in clips]), features)


class _AtOnce(Executor):
    """Does what it is given in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
