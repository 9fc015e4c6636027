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


def test_stamps_ahead_of_the_clock_are_a_fault_past_the_limit():
    seen = CameraStatistics(received=30, newest_ns=10 * NANOSECONDS)
    ahead = camera_status("c", seen, 7 * NANOSECONDS, ahead_limit_s=2.9)
    assert (ahead.level, ahead.message) == (
        DiagnosticStatus.ERROR,
        "the newest stamp is 3.0 s ahead of the node's clock",
    )
    assert camera_status("c", seen, 7 * NANOSECONDS, ahead_limit_s=3.1).level == DiagnosticStatus.OK


def test_a_publisher_that_cannot_be_heard_is_an_error_until_images_come():
    seen, unheard = CameraStatistics(received=30, newest_ns=10 * NANOSECONDS), ["/image (reliability, 1)"]
    assert camera_status("c", CameraStatistics(), 0, unheard).level == DiagnosticStatus.ERROR
    come = camera_status("c", seen, 10 * NANOSECONDS, unheard)
    sentence = "images come, but a publisher's quality of service doesn't fit: /image (reliability, 1)"
    assert (come.level, come.message) == (DiagnosticStatus.WARN, sentence)
    silent = camera_status("c", seen, 13 * NANOSECONDS, unheard)
    assert (silent.level, "quality of service" in silent.message) == (DiagnosticStatus.ERROR, True)


def test_latencies_are_median_and_tail():
    times = {"answer": [10.0] * 19 + [110.0], "ground": []}
    assert latency_values(times) == {"answer [ms]": "median 10.0, p95 15.0"}
