"""Makes the environment of a checkout: .venv with the versions of constraints.txt, and an overlay with the interfaces.

`make setup` runs it on a bare Python: it needs the standard library only. A step runs only when what it depends on has
changed, which a stamp with a digest remembers. Where a ROS 2 is sourced, that one is used: the virtual environment sees
its packages and gets no ROS wheels. It knows nothing of PyTorch's builds: pip takes the one that it finds.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
OVERLAY = ROOT / "install"
PYTHONS = ("3.11", "3.12", "3.13")
EXTRAS = ("scenes", "train", "paper", "evaluate", "bags", "engines", "serve", "annotate", "dev")
STAND_INS = ("message_filters", "tf_transformations")
INTERFACES = ("msg", "srv", "action", "CMakeLists.txt", "package.xml")
INSTALLED = ("annexe_ros", "scripts", "launch", "config", "models", "examples")
BUILDERS_PYTHON = re.compile(r"/opt/python/cp\d+-cp\d+/include/python3\.\d+")
BUILDERS_NUMPY = re.compile(r"/opt/python/cp\d+-cp\d+/lib/python3\.\d+/site-packages/numpy/_?core/include")


class SetupError(Exception):
    """The machine lacks something; the sentence says what, and how to get it."""


@dataclass(frozen=True)
class Step:
    """Something to do unless the file ``stamp`` holds ``digest``."""

    title: str
    run: Callable[[], None]
    stamp: Path
    digest: str

    def due(self) -> bool:
        """Tell whether its inputs have changed since it was done."""
        return not self.stamp.is_file() or self.stamp.read_text() != self.digest

    def finish(self) -> None:
        """Remember that it was done."""
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.digest)


def main() -> int:
    """Set up, or say in one sentence why not; a second call at the same time waits for the first."""
    checkout = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(checkout, fcntl.LOCK_EX)
    try:
        check_machine()
        run(steps())
    except SetupError as error:
        return _failed(str(error))
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        return _failed(f"a command failed with exit code {error.returncode}, see its output above: {command}")
    finally:
        os.close(checkout)
    return 0


def run(plan: list[Step]) -> None:
    """Run the steps that are due and say so."""
    for number, step in enumerate(plan, 1):
        due = step.due()
        print(f"[{number}/{len(plan)}] {step.title}{'' if due else ': up to date'}", flush=True)
        if due:
            step.run()
            step.finish()


def check_machine() -> None:
    """Raise ``SetupError`` where Python, its headers or a C++ compiler is missing."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version not in PYTHONS:
        raise SetupError(f"this is Python {version}; choose one of {', '.join(PYTHONS)}: make setup PYTHON=python3.12")
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        raise SetupError(f"Python {version} has no headers; install them: sudo apt-get install python{version}-dev")
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(f"Python {version} has no ensurepip; install it: sudo apt-get install python{version}-venv")
    if not any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))):
        raise SetupError("there is no C++ compiler; install one: sudo apt-get install g++")
    made_by = re.search(r"^version\w* *= *(3\.\d+)", _text(VENV / "pyvenv.cfg"), re.MULTILINE)
    if made_by and made_by[1] != version:
        raise SetupError(f".venv is of Python {made_by[1]} and this is {version}; remove it or use its own Python")


def steps() -> list[Step]:
    """Return the steps in their order."""
    stamps = VENV / ".setup"
    machine = f"{sys.version} {ROOT} {ros_is_sourced()}"
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]  # the rest of the file is settings of tools
    packages = digest(machine, json.dumps(project), contents("constraints.txt", "setup.py"))
    stand_ins = digest(packages, contents(*(f"portable/{name}/{name}.py" for name in STAND_INS)))
    overlay = digest(packages, contents(*INTERFACES), names(*INSTALLED))
    return [
        Step("virtual environment .venv", make_venv, stamps / "venv", digest(machine)),
        Step("packages at the versions of constraints.txt", install_packages, stamps / "packages", packages),
        Step("paths in the ROS wheels' CMake files", correct_cmake_paths, stamps / "cmake_paths", packages),
        Step("stand-ins for packages that only come with ROS", install_stand_ins, stamps / "stand_ins", stand_ins),
        Step("overlay with messages, service and action", build_overlay, OVERLAY / ".setup", overlay),
    ]


def make_venv() -> None:
    """Create .venv, or take over one that is there."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], check=False).returncode == 0:
        return
    _run(sys.executable, "-m", "venv", *(["--system-site-packages"] if ros_is_sourced() else []), VENV)


def install_packages() -> None:
    """Install what the extras ask for, and annexe_ros itself as a link to this checkout."""
    extras = EXTRAS if ros_is_sourced() else (*EXTRAS, "ros")
    _pip("-c", "constraints.txt", "setuptools")
    _pip("-c", "constraints.txt", "-e", f".[{','.join(extras)}]")


def correct_cmake_paths() -> None:
    """Let the wheels' CMake exports name this interpreter's headers, not those of the machine that built them."""
    code = "import json, numpy, sysconfig; print(json.dumps([sysconfig.get_path('include'), numpy.get_include()]))"
    python, numpy = json.loads(subprocess.check_output([PYTHON, "-c", code], text=True))
    for file in (VENV / "share").rglob("*.cmake"):
        text = file.read_text()
        corrected = BUILDERS_NUMPY.sub(numpy, BUILDERS_PYTHON.sub(python, text))
        if corrected != text:
            file.write_text(corrected)


def install_stand_ins() -> None:
    """Install each stand-in whose real package isn't there (a stand-in is one module, the real ones are folders)."""
    for name in STAND_INS:
        code = f"import importlib.util as u; s = u.find_spec('{name}'); print(s.origin if s else '')"
        origin = Path(subprocess.check_output([PYTHON, "-c", code], env=environment(), cwd=VENV, text=True).strip())
        if origin.name in ("", f"{name}.py"):
            _pip("--quiet", "--no-deps", "--force-reinstall", f"./portable/{name}")


def build_overlay() -> None:
    """Build the package with colcon, as an ordinary workspace does.

    CMake refuses include paths inside the source folder, and .venv with numpy's headers is inside this one. Hence the
    workspace has a link to it, which gives the source folder another name.
    """
    link = ROOT / "build/workspace/annexe_ros"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../..")
    _run(PYTHON, "-m", "colcon", "build", "--base-paths", link.parent, "--symlink-install", "--cmake-clean-cache",
         "--cmake-args", f"-DPython3_EXECUTABLE={PYTHON}", "-DBUILD_TESTING=OFF")  # fmt: skip


def ros_is_sourced() -> bool:
    """Tell whether this shell has a ROS 2 of its own."""
    return "ROS_DISTRO" in os.environ and "AMENT_PREFIX_PATH" in os.environ


def environment() -> dict[str, str]:
    """Return the environment of the tools: .venv first, and no trace of another workspace unless ROS is sourced."""
    env = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    env.setdefault("COLCON_LOG_LEVEL", "error")  # the wheels' prefix has no set-up files, which colcon would warn about
    env |= {"VIRTUAL_ENV": str(VENV), "PATH": f"{PYTHON.parent}{os.pathsep}{env.get('PATH', os.defpath)}"}
    if not ros_is_sourced():
        env.pop("PYTHONPATH", None)
        env |= {"AMENT_PREFIX_PATH": str(VENV), "CMAKE_PREFIX_PATH": str(VENV)}
    return env


def digest(*parts: str) -> str:
    """Return a short text that changes with any of these."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def contents(*paths: str) -> str:
    """Return names and digests of files, and of all files in folders."""
    return "\0".join(f"{file} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in _files(*paths))


def names(*paths: str) -> str:
    """Return the names of all files in folders, for what is installed as links."""
    return "\0".join(map(str, _files(*paths)))


def _files(*paths: str) -> list[Path]:
    found = [ROOT / path for path in paths]
    files = [file for path in found for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return sorted(file for file in files if "__pycache__" not in file.parts)


def _text(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


def _failed(sentence: str) -> int:
    print(f"setup: {sentence}", file=sys.stderr)
    return 1


def _pip(*arguments: str) -> None:
    _run(PYTHON, "-m", "pip", "install", "--no-build-isolation", "--disable-pip-version-check", *arguments)


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, env=environment(), check=True)


if __name__ == "__main__":
    sys.exit(main())
