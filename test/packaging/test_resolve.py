"""One resolver finds a model from a checkout, a colcon overlay and a wheel, whatever the working directory is."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from annexe_ros.core.errors import ModelNotFoundError
from annexe_ros.inference.resolve import resolve_model

ROOT = Path(__file__).parents[2]
CODE = "from annexe_ros.inference.resolve import resolve_model; print(resolve_model())"
NO_CACHES = shutil.ignore_patterns("__pycache__")


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def copy_package(to: Path) -> Path:
    return shutil.copytree(ROOT / "annexe_ros", to / "annexe_ros", ignore=NO_CACHES)


def resolved_elsewhere(python_path: Path, elsewhere: Path, **variables: str) -> Path:
    """Ask for the default model in a process of its own, started in a folder that has nothing to do with it."""
    env = {k: v for k, v in os.environ.items() if k not in {"AMENT_PREFIX_PATH", "PYTHONPATH"}}
    elsewhere.mkdir()
    command = [sys.executable, "-c", CODE]
    env |= {"PYTHONPATH": str(python_path), **variables}
    return Path(subprocess.check_output(command, cwd=elsewhere, env=env, text=True).strip())


def test_checkout(tmp_path):
    checkout = copy_package(tmp_path / "checkout").parent
    (checkout / "package.xml").touch()
    model = make_model(checkout / "models/annexe-scenes")
    assert resolved_elsewhere(checkout, tmp_path / "elsewhere") == model


def test_overlay(tmp_path):
    overlay = tmp_path / "install/annexe_ros"
    site_packages = copy_package(overlay / "lib/python3/site-packages").parent
    model = make_model(overlay / "share/annexe_ros/models/annexe-scenes")
    prefixes = os.pathsep.join([str(tmp_path / "gone"), str(overlay)])
    assert resolved_elsewhere(site_packages, tmp_path / "elsewhere", AMENT_PREFIX_PATH=prefixes) == model


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel offline, from a copy, with a model that is nothing but a config."""
    pytest.importorskip("setuptools", "70.1")
    tmp_path = tmp_path_factory.mktemp("wheel")
    source = copy_package(tmp_path / "source").parent
    for name in ("pyproject.toml", "setup.py", "README.md"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, source)
    make_model(source / "models/annexe-scenes")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, source], check=True)
    return next(tmp_path.glob("annexe_ros-*.whl"))


def test_wheel(wheel, tmp_path):
    site_packages = tmp_path / "site-packages"
    zipfile.ZipFile(wheel).extractall(site_packages)
    expected = site_packages / "annexe_ros/models/annexe-scenes"
    assert resolved_elsewhere(site_packages, tmp_path / "elsewhere") == expected


def test_wheel_has_the_command_and_no_room_that_needs_ros(wheel):
    archive = zipfile.ZipFile(wheel)
    rooms = {name.split("/")[1] for name in archive.namelist() if name.startswith("annexe_ros/")}
    assert rooms >= {"core", "model", "inference", "data", "training", "evaluation"}
    assert not rooms & {"ros", "nodes"}
    entry_points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "annexe = annexe_ros.cli.main:main" in archive.read(entry_points).decode()


def test_every_folder_with_modules_is_a_package():
    """What isn't one would be missing in the wheel."""
    folders = {file.parent for file in (ROOT / "annexe_ros").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_folder_is_taken_as_it_is(tmp_path, monkeypatch):
    model = make_model(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert resolve_model(model) == resolve_model("mine") == resolve_model("./mine") == model


@pytest.mark.parametrize("name", ["/nowhere/model", "./nowhere", "", "no-such-model"])
def test_what_is_not_there_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundError, match="there is no such folder") as caught:
        resolve_model(name)
    assert caught.value.path == name


def test_folder_without_config_is_no_model(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"the folder has no config\.json"):
        resolve_model(tmp_path)


def test_places_searched_are_named(tmp_path, monkeypatch):
    (tmp_path / "share/annexe_ros").mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    with pytest.raises(ModelNotFoundError, match=str(tmp_path / "share/annexe_ros/models")):
        resolve_model("no-such-model")


def test_hub_model_that_was_not_downloaded(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelNotFoundError, match="hf download someone/model"):
        resolve_model("someone/model")
    with pytest.raises(ModelNotFoundError, match="isn't a hub id"):
        resolve_model("some/where/else")


def test_hub_model_that_was_downloaded(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = make_model(tmp_path / "models--someone--model/snapshots/abc")
    refs = tmp_path / "models--someone--model/refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    assert resolve_model("someone/model") == model
