"""Plain facts to ``diagnostic_msgs``: a level, a sentence and named values."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from annexe_ros.core.texts import encodable
from annexe_ros.ros.camera_statistics import CameraStatistics
from annexe_ros.ros.stamps import NANOSECONDS

SILENT_S = 2.0
"""A camera that has sent nothing for this long is said to be broken."""
UNMATCHED_S = 1.0
"""A camera whose colour has found no depth for this long is worth a warning."""


class Level(enum.Enum):
    """How bad it is, as ``DiagnosticStatus`` counts it."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR
    STALE = DiagnosticStatus.STALE


def diagnostic_status(name: str, level: Level, message: str, values: Mapping[str, object]) -> DiagnosticStatus:
    """Return the status of one component; its hardware_id is the package."""
    pairs = [KeyValue(key=encodable(key), value=encodable(str(value))) for key, value in values.items()]
    return DiagnosticStatus(
        name=name, level=level.value, message=encodable(message), hardware_id="annexe_ros", values=pairs
    )


def camera_status(
    name: str,
    statistics: CameraStatistics,
    now_ns: int,
    mismatches: Sequence[str] = (),
    *,
    with_depth: bool = True,
    ahead_limit_s: float = SILENT_S,
) -> DiagnosticStatus:
    """Return how a camera is: what came of it, and what is wrong, the worst first.

    ``mismatches`` are the topics whose publishers offer a quality of service that the node can't take. Nothing is said
    of depth where the node asks for none. Stamps more than ``ahead_limit_s`` ahead of ``now_ns`` are a fault.
    """
    age_s = None if statistics.newest_ns is None else (now_ns - statistics.newest_ns) / NANOSECONDS
    values: dict[str, object] = {
        "rate [Hz]": f"{statistics.rate_hz:.1f}",
        "age of the newest image [s]": "no image yet" if age_s is None else f"{age_s:.3f}",
        "colour received": statistics.received,
        **(_depth_values(statistics) if with_depth else {}),
        "dropped": statistics.dropped,
        "QoS mismatches": ", ".join(mismatches) or "none",
    }
    return diagnostic_status(name, *_verdict(statistics, age_s, mismatches, with_depth, ahead_limit_s), values)


def _depth_values(statistics: CameraStatistics) -> dict[str, object]:
    return {
        "depth received": statistics.depth_received,
        "pairs": statistics.paired,
        "without depth": statistics.alone,
        "time without a pair [s]": f"{statistics.unmatched_s:.2f}",
    }


def _verdict(
    statistics: CameraStatistics,
    age_s: float | None,
    mismatches: Sequence[str],
    with_depth: bool,
    ahead_limit_s: float,
) -> tuple[Level, str]:
    if age_s is None or age_s > SILENT_S:
        return _silence(age_s, mismatches)
    if -age_s > ahead_limit_s:
        return Level.ERROR, f"the newest stamp is {-age_s:.1f} s ahead of the node's clock"
    if mismatches:
        return Level.WARN, f"images come, but a publisher's quality of service doesn't fit: {', '.join(mismatches)}"
    if statistics.depth_received and statistics.unmatched_s > UNMATCHED_S:
        return Level.WARN, f"no depth image near a colour image for {statistics.unmatched_s:.1f} s"
    return Level.OK, "images come" if statistics.depth_received or not with_depth else "images come, without depth"


def _silence(age_s: float | None, mismatches: Sequence[str]) -> tuple[Level, str]:
    if mismatches:
        return Level.ERROR, f"the publisher's quality of service doesn't fit: {', '.join(mismatches)}"
    if age_s is None:
        return Level.STALE, "no image yet"
    return Level.ERROR, f"the last image is {age_s:.1f} s old"


def latency_values(milliseconds: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """Return median and 95th percentile of each stage's times [ms], in words."""
    return {
        f"{stage} [ms]": "median {:.1f}, p95 {:.1f}".format(*np.percentile(list(times), [50, 95]))
        for stage, times in milliseconds.items()
        if times
    }
