import json
import os
import subprocess
import sys
import time

import pytest

from annexe_ros.benchmark.processes import (
    PROFILE_VARIABLES,
    isolated_environment,
    resident_mb,
    ros_parameters,
    running,
    with_profile,
)

STUBBORN = (
    "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"
)


def script(folder, code):
    path = folder / "script.py"
    path.write_text(code)
    return path


def test_a_process_ends_with_the_block(tmp_path):
    with running(script(tmp_path, "import time; time.sleep(60)"), [], isolated_environment()) as process:
        assert process.poll() is None
    assert process.returncode is not None


def test_a_process_that_does_not_want_to_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("annexe_ros.benchmark.processes.GRACE_S", 0.1)
    log = tmp_path / "log"
    with running(script(tmp_path, STUBBORN), [], isolated_environment(), log) as process:
        while log.read_text() != "up\n":
            time.sleep(0.01)
    assert process.returncode == -9


def test_arguments_environment_and_output_go_where_they_should(tmp_path):
    code = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE']]))"
    log = tmp_path / "log"
    with running(script(tmp_path, code), ["--rate", 30], isolated_environment(), log) as process:
        process.wait(30)
    assert json.loads(log.read_text()) == [["--rate", "30"], "LOCALHOST"]


def test_no_two_environments_share_a_domain():
    assert isolated_environment()["ROS_DOMAIN_ID"] != isolated_environment()["ROS_DOMAIN_ID"]


def test_a_profile_replaces_that_of_the_environment(tmp_path):
    environment = dict.fromkeys(PROFILE_VARIABLES, "/another.xml")
    assert with_profile(environment, None) == {}
    assert list(with_profile(environment, tmp_path).values()) == [str(tmp_path)]


def test_parameters_are_written_as_ros_reads_them():
    assert ros_parameters(engine="scripted", use_sim_time=True) == [
        "--ros-args", "-p", "engine:=scripted", "-p", "use_sim_time:=true",
    ]  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_of_a_process_is_read_until_it_is_gone():
    assert resident_mb(os.getpid()) > 10
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert resident_mb(process.pid) is None
