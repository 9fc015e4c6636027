"""What became of a camera's images: counts and times for diagnostics. It knows no message and no clock but stamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from annexe_ros.ros.stamps import NANOSECONDS

STAMPS_KEPT = 31
"""Images of a kind that rate and period are measured over: one second of an ordinary camera."""

MAX_WAITING = 100
"""Colour images that may still be handed on; a camera that doesn't set its stamps would let them pile up."""


@dataclass(frozen=True)
class CameraStatistics:
    """A camera since its topics were subscribed to. Times are those of the images' stamps.

    Attributes:
        received: colour images that arrived.
        depth_received: depth images that arrived.
        paired: colour images that were handed on with depth.
        alone: colour images that were handed on without.
        dropped: colour images that never were: an older one than the latest handed on, or one that can't be used.
        rate_hz: colour images per second over the latest of them; 0 before there are two.
        newest_ns: stamp of the newest colour image; None before there is one.
        unmatched_s: time between the first colour image since the last pair and the newest [s]; 0 while all find depth.
    """

    received: int = 0
    depth_received: int = 0
    paired: int = 0
    alone: int = 0
    dropped: int = 0
    rate_hz: float = 0.0
    newest_ns: int | None = None
    unmatched_s: float = 0.0


class CameraCounters:
    """Counts for ``CameraStatistics``; to be called from the thread that the images arrive in."""

    def __init__(self) -> None:
        self._received = self._depth_received = self._paired = self._alone = self._dropped = 0
        self._stamps: deque[int] = deque(maxlen=STAMPS_KEPT)
        self._depth_stamps: deque[int] = deque(maxlen=STAMPS_KEPT)
        self._waiting: deque[int] = deque()

    def colour(self, stamp_ns: int) -> None:
        """Count a colour image that arrived."""
        self._received += 1
        self._stamps.append(stamp_ns)
        self._waiting.append(stamp_ns)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1

    def refused(self) -> None:
        """Count a colour image that can't be used."""
        self._received += 1
        self._dropped += 1

    def depth(self, stamp_ns: int) -> None:
        """Count a depth image that arrived."""
        self._depth_received += 1
        self._depth_stamps.append(stamp_ns)

    def handed_on(self, stamp_ns: int, *, paired: bool) -> None:
        """Count a colour image that was handed on; the older ones that wait will not be."""
        self._paired += paired
        self._alone += not paired
        while self._waiting and self._waiting[0] <= stamp_ns:
            self._dropped += self._waiting.popleft() != stamp_ns

    def restart(self) -> None:
        """Begin with new stamps after a jump of the clock; what waited was dropped."""
        self._dropped += len(self._waiting)
        self._waiting.clear()
        self._stamps.clear()
        self._depth_stamps.clear()

    @property
    def period_ns(self) -> float | None:
        """Usual time between two images of the kind that comes faster [ns]; None before there are two of a kind."""
        periods = filter(None, (_period_ns(self._stamps), _period_ns(self._depth_stamps)))
        return min(periods, default=None)

    def statistics(self, unmatched_ns: int) -> CameraStatistics:
        """Return what was counted; ``unmatched_ns`` is how long there has been no pair [ns]."""
        return CameraStatistics(
            self._received,
            self._depth_received,
            self._paired,
            self._alone,
            self._dropped,
            self._rate_hz(),
            self._stamps[-1] if self._stamps else None,
            unmatched_ns / NANOSECONDS,
        )

    def _rate_hz(self) -> float:
        if len(self._stamps) < 2 or self._stamps[-1] <= self._stamps[0]:
            return 0.0
        return (len(self._stamps) - 1) * NANOSECONDS / (self._stamps[-1] - self._stamps[0])


def _period_ns(stamps: Sequence[int]) -> float | None:
    """Return the median time between images: neither losses nor jitter move it much."""
    steps = [later - earlier for earlier, later in pairwise(stamps) if later > earlier]
    return median(steps) if steps else None
