"""What colcon installed: where ROS 2 looks for executables, launch files, configuration and the Python package."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ("config", "examples", "launch", "models")

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def overlay() -> Path:
    prefixes = map(Path, filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)))
    found = next((prefix for prefix in prefixes if (prefix / "share/annexe_ros/package.xml").is_file()), None)
    return found or pytest.skip("no overlay with annexe_ros is sourced; see `make setup`")


def files(folder: Path) -> set[Path]:
    return {
        file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.mark.parametrize("folder", SHARED)
def test_folder_is_shared(overlay, folder):
    assert files(ROOT / folder) <= files(overlay / "share/annexe_ros" / folder)


def test_every_script_without_ending_is_an_executable(overlay):
    scripts = {file.name for file in (ROOT / "scripts").iterdir() if file.is_file() and not file.suffix}
    installed = [overlay / "lib/annexe_ros" / name for name in scripts]
    assert scripts
    assert all(os.access(file, os.X_OK) for file in installed)


def test_code_and_generated_interfaces_are_one_package(overlay):
    package = next(overlay.glob("lib/python3*/site-packages/annexe_ros"))
    assert {"core", "inference", "ros", "nodes", "msg", "srv", "action"} <= {entry.name for entry in package.iterdir()}


def test_code_of_the_checkout_comes_with_messages_of_the_overlay(overlay):
    import annexe_ros
    from annexe_ros.srv import EgoQuery

    assert Path(annexe_ros.__file__) == ROOT / "annexe_ros/__init__.py"
    assert EgoQuery.Request().want_mask is True
