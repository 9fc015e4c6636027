"""One short stream through real processes; the figures themselves are the business of `make bench-transport`."""

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from bench_transport import measure

from annexe_ros.benchmark.transport import ImageStream

pytestmark = pytest.mark.ros


def test_images_arrive_with_the_profile():
    run = measure(ImageStream("profile", "reliable", 640, 480), seconds=0.5)
    assert run.sent == 15
    assert 0 < run.received <= run.sent
    assert 0 < run.median_ms <= run.p99_ms
