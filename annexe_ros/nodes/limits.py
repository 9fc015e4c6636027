"""What the node grants a call that doesn't say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What holds where a request says nothing.

    Attributes:
        max_age_s: the oldest camera frame to answer for [s].
        timeout_s: the longest time from a call until its answer [s].
        target_frame: tf frame of the poses; empty: the camera's.
    """

    max_age_s: float
    timeout_s: float
    target_frame: str = ""
