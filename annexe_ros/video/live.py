"""Feeds whoever looks at clips from frames as they come: one clip at a time, in a thread of its own.

Time is that of the frames' stamps. A clip that becomes due while another is still worked on is left out: what comes out
never falls behind the camera.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass

from annexe_ros.core import Frame
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.video.window import Coverage, FrameWindow, StampedClip, WindowShape


@dataclass(frozen=True)
class FeedStatistics:
    """What became of the clips that were due.

    Attributes:
        coverage: whether the newest frames make a clip.
        handed_on: clips that were worked on.
        gaps: clips that had a gap, counted once every stride.
        skipped: clips that became due while another was worked on.
        out_of_order: frames that were left out, because their stamps don't rise.
    """

    coverage: Coverage = Coverage.FILLING
    handed_on: int = 0
    gaps: int = 0
    skipped: int = 0
    out_of_order: int = 0


class ClipFeed:
    """Keeps a window of frames and hands on a clip every ``stride_s`` of the frames' time."""

    def __init__(
        self,
        shape: WindowShape,
        stride_s: float,
        work: Callable[[StampedClip], object],
        executor: Executor | None = None,
    ) -> None:
        """Begin. ``work`` is called in the executor's thread, by default one of its own, and must not raise."""
        self._window, self._stride_ns, self._work = FrameWindow(shape), round(stride_s * NANOSECONDS), work
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="clips")
        self._running: Future[object] | None = None
        self._turn_ns: int | None = None
        self._gap_ns: int | None = None
        self._handed_on = self._gaps = self._skipped = self._out_of_order = 0

    @property
    def statistics(self) -> FeedStatistics:
        """What became of the clips so far; for the thread that adds frames."""
        return FeedStatistics(self._window.coverage, self._handed_on, self._gaps, self._skipped, self._out_of_order)

    def add(self, frame: Frame) -> None:
        """Take a frame; where a clip is due with it, hand that on."""
        if not self._window.add(frame):
            self._out_of_order += 1
        elif self._window.coverage is Coverage.GAP and self._is_due(self._gap_ns, frame.stamp_ns):
            self._gap_ns, self._gaps = frame.stamp_ns, self._gaps + 1
        elif self._window.coverage is Coverage.WHOLE and self._is_due(self._turn_ns, frame.stamp_ns):
            self._turn_ns = frame.stamp_ns
            self._take_turn()

    def close(self) -> None:
        """Wait for the clip that is worked on, and take no more."""
        self._executor.shutdown(cancel_futures=True)

    def _is_due(self, last_ns: int | None, stamp_ns: int) -> bool:
        """Tell whether a stride has passed since the last time; a clock that jumped back begins anew."""
        since_ns = None if last_ns is None else stamp_ns - last_ns
        return since_ns is None or since_ns >= self._stride_ns or since_ns < 0

    def _take_turn(self) -> None:
        clip = self._window.clip()
        if clip is None:
            return
        if self._running is not None and not self._running.done():
            self._skipped += 1
            return
        self._handed_on += 1
        self._running = self._executor.submit(self._work, clip)
