"""A process that is asked to end leaves nothing behind, whatever it waits for."""

import re
import signal
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from annexe_ros.benchmark.processes import isolated_environment

pytestmark = pytest.mark.ros

WAITING = """
import rclpy
from annexe_ros.nodes.spinning import interruptible

with interruptible():
    node = rclpy.create_node("waiting")
    executor = rclpy.executors.SingleThreadedExecutor()
    executor.add_node(node)
    print(open("/proc/self/maps").read(), "\\nwaiting", flush=True)
    executor.spin_until_future_complete(rclpy.task.Future(), timeout_sec=600)
"""
LIMIT_S = 60


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("requests", "apart_s"),
    [([signal.SIGTERM], 0), ([signal.SIGINT], 0), *(([signal.SIGINT, signal.SIGTERM], s) for s in (0, 0.02, 0.3))],
)
def test_a_process_that_waits_ends_at_once_and_gives_its_memory_back(requests, apart_s):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    before = segments("\n".join(map(str, Path("/dev/shm").iterdir())))  # it may map those of others, too
    with subprocess.Popen([sys.executable, "-c", WAITING], text=True, env=isolated_environment(), **pipes) as process:
        memory = segments("".join(takewhile(lambda line: line != "waiting\n", process.stdout))) - before
        for request in requests:
            process.send_signal(request)
            time.sleep(apart_s)
        assert "KeyboardInterrupt" in process.communicate(timeout=LIMIT_S)[1]
    if not memory:
        pytest.skip("the middleware is not Fast DDS")
    assert not [path for path in memory if Path(path).exists()], f"exit code {process.returncode}"


def segments(text: str) -> set[str]:
    return set(re.findall(r"/dev/shm/fastrtps_[0-9a-f]{16}$", text, re.MULTILINE))


FAILING = """
import sys
import rclpy
from annexe_ros.nodes.spinning import interruptible

with interruptible():
    if sys.argv[1] == "ended":
        rclpy.shutdown()  # as its handler of signals does, perhaps just before somebody waits
    raise RuntimeError("failed to wait")
"""


@pytest.mark.parametrize(("state", "error"), [("ended", "KeyboardInterrupt"), ("alive", "RuntimeError")])
def test_what_rclpy_raises_once_it_has_ended_is_the_interruption(state, error):
    run = [sys.executable, "-c", FAILING, state]
    told = subprocess.run(run, env=isolated_environment(), capture_output=True, text=True, check=False).stderr
    assert told.strip().splitlines()[-1].startswith(error)


OVERTAKEN = """
import signal
import sys
import rclpy
from annexe_ros.nodes.spinning import interruptible, spin_until_shutdown

def interrupted():
    context = rclpy.get_default_context()
    context.handle.shutdown()  # as rclpy's thread for signals does, just when
    context.try_shutdown = context.shutdown  # somebody else has seen the context alive
    raise KeyboardInterrupt

def waits():
    try:
        with interruptible():
            interrupted()
    except KeyboardInterrupt:
        return 0

assert (waits() if sys.argv[1] == "waits" else spin_until_shutdown(interrupted)) == 0
print([signal.getsignal(request).name for request in (signal.SIGINT, signal.SIGTERM)])
"""


@pytest.mark.parametrize("what", ["waits", "spins"])
def test_an_end_that_rclpys_own_thread_overtakes_is_in_order(what):
    run = [sys.executable, "-c", OVERTAKEN, what]
    told = subprocess.run(run, env=isolated_environment(), capture_output=True, text=True, check=False)
    assert told.stdout == "['SIG_IGN', 'SIG_IGN']\n", told.stderr


SPINNING = """
import time

import rclpy
from annexe_ros.nodes.spinning import spin_until_shutdown

def node():
    made = rclpy.create_node("spinning")
    made.create_timer(0.1, lambda: print("spinning", flush=True))
    return made

code = spin_until_shutdown(node)
time.sleep(1)
print("ended in order", flush=True)
raise SystemExit(code)
"""


@pytest.mark.parametrize("apart_s", [0, 0.02, 0.3])
def test_a_second_interruption_cuts_nothing_short(apart_s):
    command = [sys.executable, "-c", SPINNING]
    with subprocess.Popen(command, text=True, env=isolated_environment(), stdout=subprocess.PIPE) as process:
        assert any("spinning" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        time.sleep(apart_s)
        process.send_signal(signal.SIGINT)
        assert "ended in order" in process.communicate(timeout=LIMIT_S)[0]
    assert process.returncode == 0


COMPUTING = """
import sys

from annexe_ros.nodes.spinning import spin_until_shutdown

def node():
    assert "torch" not in sys.modules
    import torch

    raise KeyboardInterrupt

raise SystemExit(spin_until_shutdown(node))
"""


@pytest.mark.model
@pytest.mark.parametrize(
    ("given", "turns"), [({}, "20000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "0")]
)
def test_helpers_of_computations_soon_leave_the_cores_to_messages(given, turns):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    environment = isolated_environment() | {"OMP_DISPLAY_ENV": "VERBOSE"} | given
    told = subprocess.run(
        [sys.executable, "-c", COMPUTING], env=environment, capture_output=True, text=True, check=True
    )
    assert f"GOMP_SPINCOUNT = '{turns}'" in told.stderr
