"""When the entries of a recording happened, and how they follow each other when it is played. Knows no files."""

from __future__ import annotations

from dataclasses import dataclass

LONE_INTERVAL_NS = 1_000_000_000
"""Time after which a recording with one entry begins anew."""


@dataclass(frozen=True)
class Timeline:
    """Times of entries [ns]: at least one, rising."""

    stamps_ns: tuple[int, ...]

    @property
    def interval_ns(self) -> int:
        """Mean time between entries, which also separates the last from the first when playing in a loop [ns]."""
        if len(self.stamps_ns) == 1:
            return LONE_INTERVAL_NS
        return (self.stamps_ns[-1] - self.stamps_ns[0]) // (len(self.stamps_ns) - 1)

    @property
    def duration_ns(self) -> int:
        """Time from the first entry to when a loop begins anew [ns]."""
        return self.stamps_ns[-1] - self.stamps_ns[0] + self.interval_ns

    def gap_ns(self, index: int) -> int:
        """Return the time between an entry and the one before it; the first follows the last when played in a loop."""
        return self.stamps_ns[index] - self.stamps_ns[index - 1] if index else self.interval_ns
