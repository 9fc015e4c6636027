"""Set-up: each step once for the same inputs, and one sentence with the remedy where the machine lacks something."""

import sys
from pathlib import Path

import numpy as np
import pytest
import setup_environment as setup


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return an empty checkout in which set-up would work."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    return tmp_path


def make_step(checkout, digest, calls):
    return setup.Step("title", lambda: calls.append(digest), checkout / "stamps/step", digest)


def test_steps_run_once_and_again_when_their_inputs_change(checkout, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(setup, "check_machine", lambda: None)
    for digest in ("a", "a", "b"):
        monkeypatch.setattr(setup, "steps", lambda digest=digest: [make_step(checkout, digest, calls)])
        assert setup.main() == 0
    assert calls == ["a", "b"]
    assert capsys.readouterr().out.splitlines() == ["[1/1] title", "[1/1] title: up to date", "[1/1] title"]


def test_failed_step_is_named_and_tried_again(checkout, monkeypatch, capsys):
    step = setup.Step("title", lambda: setup._run(sys.executable, "-c", "raise SystemExit(3)"), checkout / "stamp", "a")
    monkeypatch.setattr(setup, "check_machine", lambda: None)
    monkeypatch.setattr(setup, "steps", lambda: [step])
    assert setup.main() == 1
    assert "exit code 3" in capsys.readouterr().err
    assert step.due()


def no_headers(monkeypatch, tmp_path):
    monkeypatch.setattr(setup.sysconfig, "get_path", lambda name: str(tmp_path))


def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)


def no_ensurepip(monkeypatch, tmp_path):
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)


def old_python(monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "PYTHONS", ("2.7",))


def other_venv(monkeypatch, tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.10.2\n")


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        (no_headers, r"has no headers; install them: sudo apt-get install python3\.\d+-dev"),
        (no_compiler, r"no C\+\+ compiler; install one: sudo apt-get install g\+\+"),
        (no_ensurepip, r"has no ensurepip; install it: sudo apt-get install python3\.\d+-venv"),
        (old_python, r"choose one of 2\.7: make setup PYTHON="),
        (other_venv, r"\.venv is of Python 3\.10 and this is 3\.\d+; remove it"),
    ],
)
def test_what_the_machine_lacks_is_said(lack, sentence, checkout, monkeypatch):
    lack(monkeypatch, checkout)
    with pytest.raises(setup.SetupError, match=sentence):
        setup.check_machine()


def test_builders_paths_become_those_of_this_python(checkout):
    export = checkout / ".venv/share/std_msgs/cmake/export.cmake"
    export.parent.mkdir(parents=True)
    builder = "/opt/python/cp311-cp311"
    numpy = f"{builder}/lib/python3.11/site-packages/numpy/_core/include"
    export.write_text(f'INCLUDES "{builder}/include/python3.11;{numpy};{builder}/other"')
    setup.correct_cmake_paths()
    python = setup.sysconfig.get_path("include")
    assert export.read_text() == f'INCLUDES "{python};{np.get_include()};{builder}/other"'


def test_tools_see_no_other_workspace_unless_ros_is_sourced(checkout, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("MAKEFLAGS", "-j8")
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    alone = setup.environment()
    assert "PYTHONPATH" not in alone
    assert alone["AMENT_PREFIX_PATH"] == alone["CMAKE_PREFIX_PATH"] == str(checkout / ".venv")
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    beside_ros = setup.environment()
    assert (beside_ros["PYTHONPATH"], beside_ros["AMENT_PREFIX_PATH"]) == ("/somewhere", "/opt/ros/jazzy")
    assert "MAKEFLAGS" not in alone.keys() | beside_ros.keys()


def test_digest_follows_contents_and_names(checkout):
    file = checkout / "msg/A.msg"
    file.parent.mkdir()
    seen = set()
    for text in ("uint8 a", "uint8 b"):
        file.write_text(text)
        seen.add((setup.contents("msg"), setup.names("msg")))
    file.rename(file.with_name("B.msg"))
    seen.add((setup.contents("msg"), setup.names("msg")))
    assert len({content for content, _ in seen}) == 3
    assert len({names for _, names in seen}) == 2
