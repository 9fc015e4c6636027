"""Times of messages as nanoseconds and back; unlike rclpy's, these take any time, a damaged message's too."""

from __future__ import annotations

from builtin_interfaces.msg import Time

NANOSECONDS = 1_000_000_000


def nanoseconds(stamp: Time) -> int:
    """Return a stamp as one number [ns]."""
    return stamp.sec * NANOSECONDS + stamp.nanosec


def stamp_message(stamp_ns: int) -> Time:
    """Return a number of nanoseconds as a stamp."""
    sec, nanosec = divmod(stamp_ns, NANOSECONDS)
    return Time(sec=sec, nanosec=nanosec)
