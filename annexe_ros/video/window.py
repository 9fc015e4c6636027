"""A rolling window of stamped frames, and the clip that a clip encoder is shown of it.

Time is that of the frames' stamps; no clock, no camera and no model is known here, and no torch is needed. Frames are
kept as the encoder sees them, so that seconds of a large camera take little memory and a change of its resolution
doesn't matter.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.video.framing import square

RESTART_NS = 500_000_000
"""A stamp that lies further back than this means that the clock jumped; what lies back less is out of order."""


class Coverage(enum.StrEnum):
    """Whether the window's frames make a clip, and if not, why."""

    WHOLE = "whole"
    FILLING = "filling"
    GAP = "gap"


@dataclass(frozen=True, eq=False)
class StampedClip:
    """Frames of one camera at even times.

    Attributes:
        frames: (T, S, S, 3) RGB uint8.
        stamps_ns: their stamps [ns], T.
        frame_id: optical frame of the camera.
    """

    frames: NDArray[np.uint8]
    stamps_ns: tuple[int, ...]
    frame_id: str = ""

    @property
    def start_ns(self) -> int:
        """Stamp of the first frame [ns]."""
        return self.stamps_ns[0]

    @property
    def end_ns(self) -> int:
        """Stamp of the last frame [ns]."""
        return self.stamps_ns[-1]


@dataclass(frozen=True)
class WindowShape:
    """What a window is.

    Attributes:
        span_s: time that the clip stands for [s]; each of its frames stands for an equal part.
        frames: T, as many as the encoder sees.
        side: S [px], of the encoder's square frames.
        max_gap_s: longest time between neighbouring frames [s]; a window with a longer one is no clip.
    """

    span_s: float
    frames: int
    side: int
    max_gap_s: float

    @property
    def step_ns(self) -> int:
        """Time between two frames of the clip [ns]."""
        return round(self.span_s * NANOSECONDS / self.frames)

    @property
    def max_gap_ns(self) -> int:
        """Longest time between neighbouring frames [ns]."""
        return round(self.max_gap_s * NANOSECONDS)

    @property
    def reach_ns(self) -> int:
        """Time between the clip's first and last frame [ns]."""
        return self.step_ns * (self.frames - 1)


class FrameWindow:
    """The newest frames of one camera. Not for several threads at once; a clip that was taken is independent.

    A clip's times lie on a grid of steps that begins with the first frame, or with the first after a gap: windows that
    overlap show the same frames, and a camera of the encoder's pace is shown frame by frame.
    """

    def __init__(self, shape: WindowShape) -> None:
        self.shape = shape
        self._stamps: deque[int] = deque()
        self._pictures: deque[NDArray[np.uint8]] = deque()
        self._grid_ns, self._frame_id = 0, ""

    def add(self, frame: Frame) -> bool:
        """Take a frame; false for one that comes out of order and is left out. A clock that jumped back begins anew."""
        if self._stamps and frame.stamp_ns <= self._stamps[-1]:
            if frame.stamp_ns > self._stamps[-1] - RESTART_NS:
                return False
            self.clear()
        if not self._stamps or frame.stamp_ns - self._stamps[-1] > self.shape.max_gap_ns:
            self._grid_ns = frame.stamp_ns
        self._frame_id = frame.frame_id
        self._stamps.append(frame.stamp_ns)
        self._pictures.append(square(frame.image, self.shape.side))
        self._forget_old()
        return True

    def clear(self) -> None:
        """Forget all frames."""
        self._stamps.clear()
        self._pictures.clear()

    @property
    def coverage(self) -> Coverage:
        """Whether the frames up to now make a clip; it may begin half a step late."""
        if not self._stamps:
            return Coverage.FILLING
        stamps, first_ns = np.asarray(self._stamps), self._first_ns()
        begin = int(np.abs(stamps - first_ns).argmin())
        if stamps[begin] > first_ns + self.shape.step_ns // 2:
            if begin == 0:
                return Coverage.FILLING
            begin -= 1
        longest = np.diff(stamps[begin:]).max(initial=0)
        return Coverage.GAP if longest > self.shape.max_gap_ns else Coverage.WHOLE

    def clip(self) -> StampedClip | None:
        """Return the clip that ends with the newest frame on the grid; None unless the window is ``WHOLE``.

        For each of T even times it has the frame that is nearest; a slow camera's frames come more than once.
        """
        if self.coverage is not Coverage.WHOLE:
            return None
        stamps = np.asarray(self._stamps)
        wanted = self._first_ns() + self.shape.step_ns * np.arange(self.shape.frames)
        nearest = np.abs(stamps[None] - wanted[:, None]).argmin(axis=1)
        frames = np.stack([self._pictures[place] for place in nearest])
        return StampedClip(frames, tuple(stamps[nearest].tolist()), self._frame_id)

    def _first_ns(self) -> int:
        """Return the clip's first time; its last is the newest on the grid, for which a frame may be a little early."""
        step_ns = self.shape.step_ns
        steps = (self._stamps[-1] - self._grid_ns + step_ns // 4) // step_ns
        return self._grid_ns + steps * step_ns - self.shape.reach_ns

    def _forget_old(self) -> None:
        """Keep what the clip can use: from the last frame before its first time on."""
        first_ns = self._first_ns()
        while len(self._stamps) > 1 and self._stamps[1] <= first_ns:
            self._stamps.popleft()
            self._pictures.popleft()
