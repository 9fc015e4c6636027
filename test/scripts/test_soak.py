"""The soak trial in short: real processes, every fault once. Its figures are the business of `make soak`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from soak_faults import FAULTS
from soak_workbench import Workbench

pytestmark = pytest.mark.ros

SOAK = Path(__file__).parents[2] / "scripts" / "soak.py"


def test_a_node_tells_what_its_engine_raised_and_goes_on(tmp_path):
    with Workbench(tmp_path) as bench:
        assert FAULTS["out_of_memory_in_answer"](bench)


def test_a_node_that_goes_down_fails_the_trial(tmp_path, monkeypatch):
    monkeypatch.setattr("soak_workbench.RECOVERY_S", 0.5)
    monkeypatch.setattr("soak_workbench.CALL_S", 0.5)
    monkeypatch.setattr("soak_workbench.SCRIPTS", tmp_path)  # no node and no camera there
    with Workbench(tmp_path) as bench:
        assert not FAULTS["out_of_memory_in_answer"](bench)


@pytest.mark.slow
def test_the_quick_soak_writes_every_figure(tmp_path):
    run = subprocess.run(
        [sys.executable, SOAK, "--quick", "--out", tmp_path / "soak.json"], capture_output=True, text=True, check=False
    )
    written = json.loads((tmp_path / "soak.json").read_text())
    assert (written["calls"], written["clients"]) == (60, 20)
    assert written["faults"] == dict.fromkeys(FAULTS, True), run.stdout
