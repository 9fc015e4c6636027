"""When the windows of one camera come: how many are missing between two, and when everything begins anew."""

from __future__ import annotations

from annexe_ros.core.event import NANOSECONDS

MAX_MISSED = 20
"""So many windows may be missing between two; after a longer pause one begins anew."""


class Pace:
    """Watches windows that should come ``stride_s`` apart. Not for several threads."""

    def __init__(self, stride_s: float) -> None:
        self._stride_ns = round(stride_s * NANOSECONDS)
        self._last_ns: int | None = None

    def missed_before(self, end_ns: int) -> int | None:
        """Note a window and return how many are missing before it; None where what came earlier says nothing of it.

        So it is for the first one, after a pause, and where the clock has jumped back.
        """
        last_ns, self._last_ns = self._last_ns, end_ns
        if last_ns is None or end_ns <= last_ns:
            return None
        missed = max(0, round((end_ns - last_ns) / self._stride_ns) - 1)
        return missed if missed <= MAX_MISSED else None
