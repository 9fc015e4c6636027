"""Facts to diagnostic messages."""

from dataclasses import replace

import pytest

pytest.importorskip("diagnostic_msgs", reason="ROS is not installed")

from diagnostic_msgs.msg import DiagnosticStatus

from annexe_ros.ros.camera_statistics import CameraStatistics
from annexe_ros.ros.diagnostics import Level, camera_status, diagnostic_status, latency_values
from annexe_ros.ros.stamps import NANOSECONDS

pytestmark = pytest.mark.ros


def test_values_become_text():
    status = diagnostic_status("annexe: camera", Level.WARN, "no depth", {"rate [Hz]": 29.97, "received": 3})
    assert status.level == DiagnosticStatus.WARN
    assert [(pair.key, pair.value) for pair in status.values] == [("rate [Hz]", "29.97"), ("received", "3")]


def test_a_camera_is_judged_by_its_worst_fault():
    seen = CameraStatistics(received=30, depth_received=30, newest_ns=10 * NANOSECONDS)
    now = 10 * NANOSECONDS
    assert camera_status("c", CameraStatistics(), now).level == DiagnosticStatus.STALE
    assert camera_status("c", seen, now).level == DiagnosticStatus.OK
    unmatched = replace(seen, unmatched_s=1.5)
    assert camera_status("c", unmatched, now).level == DiagnosticStatus.WARN
    assert camera_status("c", replace(unmatched, depth_received=0), now).level == DiagnosticStatus.OK
    silent = camera_status("c", unmatched, now + 3 * NANOSECONDS)
    assert (silent.level, silent.message) == (DiagnosticStatus.ERROR, "the last image is 3.0 s old")
    assert "image" in camera_status("c", CameraStatistics(), now, ["image (reliability)"]).message


def test_latencies_are_median_and_tail():
    times = {"answer": [10.0] * 19 + [110.0], "ground": []}
    assert latency_values(times) == {"answer [ms]": "median 10.0, p95 15.0"}
