"""The shipped Fast DDS profile is taken up: images go through shared memory that is large enough for them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from annexe_ros.benchmark.processes import isolated_environment, with_profile

pytest.importorskip("rclpy", reason="Fast DDS comes with ROS")
pytestmark = pytest.mark.ros

PROFILE = Path(__file__).parents[2] / "config/fastdds.xml"
CODE = """
import rclpy
rclpy.init()
node = rclpy.create_node("profile_probe")
print(rclpy.get_rmw_implementation_identifier())
print(open("/proc/self/maps").read())
"""


def shared_memory_mib(profile: Path | None) -> float:
    """Return the size of the largest segment that Fast DDS makes for a process with one node.

    What was there before isn't its own: it maps that, too, where somebody was killed who had the domain earlier.
    """
    env = with_profile(isolated_environment(), profile)
    before = {path.name for path in Path("/dev/shm").glob("fastrtps_*")}
    output = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True)
    if not output.stdout.startswith("rmw_fastrtps"):
        pytest.skip("the middleware is not Fast DDS")
    assert "XMLPARSER" not in output.stderr
    segments = re.findall(r"^(\w+)-(\w+) .*/(fastrtps_[0-9a-f]+)$", output.stdout, re.MULTILINE)
    return max(int(end, 16) - int(start, 16) for start, end, name in segments if name not in before) / 2**20


def test_segment_holds_many_images():
    assert shared_memory_mib(None) < 1
    assert shared_memory_mib(PROFILE) >= 64
