"""Everything that set-up downloads is pinned: the closure of what annexe_ros and those of its extras require."""

import os
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from setup_environment import EXTRAS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pins() -> dict[str, Requirement]:
    lines = [line.strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def wanted() -> list[str]:
    """Return the requirements that pyproject.toml states, of the extras that set-up installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return project["dependencies"] + [text for extra in (*EXTRAS, "ros") for text in extras[extra]]


def closure(texts: list[str], extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Yield the names of the distributions that these requirements need in this environment."""
    for requirement in map(Requirement, texts):
        node = canonicalize_name(requirement.name), frozenset(requirement.extras)
        contexts = [{"extra": extra} for extra in ("", *extras)]
        needed = requirement.marker is None or any(map(requirement.marker.evaluate, contexts))
        if needed and node not in seen:
            seen.add(node)
            yield node[0]
            yield from closure(metadata.requires(node[0]) or [], node[1], seen)


def test_every_pin_is_exact(pins):
    assert all(re.fullmatch(r"==[^*]+", str(requirement.specifier)) for requirement in pins.values())


def test_torch_is_the_version_that_was_asked_for(pins):
    assert str(pins["torch"].specifier) == "==2.13.0"


def test_everything_installed_by_setup_is_pinned(pins):
    if "ROS_DISTRO" in os.environ or not (ROOT / ".venv/.setup/packages").is_file():
        pytest.skip("this environment is not the one of `make setup` without ROS")
    versions = {name: Version(metadata.version(name)).public for name in closure(wanted(), frozenset(), set())}
    assert {name: version for name, version in versions.items() if version not in pins[name].specifier} == {}
    assert len(versions) > 150
