"""A run of the tests that is asked to end takes down what its fixtures set up: nodes, shared memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_S = 120
TEST = """
import time
import pytest

@pytest.fixture(scope="session")
def node():
    yield
    print("taken down", flush=True)

def test_that_takes_long(node):
    print("set up", flush=True)
    time.sleep(600)
"""


def test_sigterm_takes_fixtures_down(tmp_path):
    (tmp_path / "test_long.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-s", "-q", "-p", "conftest", "-p", "no:cacheprovider", str(tmp_path)]
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as run:
        assert any("set up" in line for line in run.stdout)
        run.terminate()
        assert "taken down" in run.communicate(timeout=LIMIT_S)[0]
    assert run.returncode == pytest.ExitCode.INTERRUPTED
