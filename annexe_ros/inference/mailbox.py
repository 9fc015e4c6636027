"""A slot that holds the newest frame of one camera: putting never waits, and an older frame is never answered for.

It knows nothing of topics: whoever pairs colour and depth puts the pair in, and the scheduler's worker asks for it when
it begins with a query.
"""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar

from annexe_ros.core.errors import NoFrameError, StaleFrameError

NANOSECONDS_PER_SECOND = 1_000_000_000


class Stamped(Protocol):
    """Anything with an acquisition time [ns], e.g. a ``Frame``."""

    @property
    def stamp_ns(self) -> int:
        """Acquisition time [ns]."""


StampedT = TypeVar("StampedT", bound=Stamped)


class Mailbox(Generic[StampedT]):
    """The newest frame of one camera. Safe to use from any thread."""

    def __init__(self, camera: str) -> None:
        """Make an empty slot; ``camera`` is the name that errors give."""
        self._camera = camera
        self._lock = threading.Lock()
        self._frame: StampedT | None = None
        self._received = 0

    @property
    def received(self) -> int:
        """Number of frames that were put so far."""
        with self._lock:
            return self._received

    def put(self, frame: StampedT) -> None:
        """Replace what is there."""
        with self._lock:
            self._frame = frame
            self._received += 1

    def clear(self) -> None:
        """Forget the frame, e.g. when the node is deactivated or its clock jumps back."""
        with self._lock:
            self._frame = None

    def newest(self, max_age_s: float, now_ns: int) -> StampedT:
        """Return the newest frame, which stays in the slot.

        Args:
            max_age_s: limit of the distance between the frame's stamp and ``now_ns``; ``math.inf`` for none. A stamp
                further ahead than that is stale too: it comes from before the clock jumped back.
            now_ns: the current time in the clock of the frames' stamps [ns].

        Raises:
            NoFrameError: nothing was put yet.
            StaleFrameError: what is there is too old.
        """
        with self._lock:
            frame = self._frame
        if frame is None:
            raise NoFrameError(self._camera)
        age_s = (now_ns - frame.stamp_ns) / NANOSECONDS_PER_SECOND
        if abs(age_s) > max_age_s:
            raise StaleFrameError(age_s, max_age_s)
        return frame
