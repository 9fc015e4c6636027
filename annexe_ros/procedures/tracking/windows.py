"""Features of a recording, window by window, as a live camera's are: nothing later than a window's end is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.video.live import ClipFeed
from annexe_ros.video.window import StampedClip, WindowShape

Features = NDArray[np.float32]
EmbedClip = Callable[[StampedClip], Features]
"""Returns the unit vector (P,) of a clip, e.g. ``SeenFrames(encoder).embed``."""


@dataclass(frozen=True, eq=False)
class EmbeddedWindows:
    """Windows of a recording: stamps of their last frames (T,) [s] from its beginning, and features (T, P)."""

    ends_s: NDArray[np.float64]
    features: Features


def embed_windows(frames: Iterable[Frame], embed: EmbedClip, shape: WindowShape, stride_s: float) -> EmbeddedWindows:
    """Return the windows of a recording that has at least one, ``stride_s`` apart; raises ``DatasetFormatError``."""
    ends_ns, features, begin_ns = list[int](), list[Features](), None

    def note(clip: StampedClip) -> None:
        ends_ns.append(clip.end_ns)
        features.append(embed(clip))

    feed = ClipFeed(shape, stride_s, note, _AtOnce())
    for frame in frames:
        begin_ns = frame.stamp_ns if begin_ns is None else begin_ns
        feed.add(frame)
    if begin_ns is None or not features:
        raise DatasetFormatError("recording", f"is too short, or has too long gaps, for a window of {shape.span_s:g} s")
    return EmbeddedWindows((np.array(ends_ns) - begin_ns) / NANOSECONDS, np.stack(features))


class _AtOnce(Executor):
    """Does what it is given in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
