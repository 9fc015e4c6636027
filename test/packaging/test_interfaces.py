"""The interface files say the same as core, and the action the same as the service. Read as text: needs no ROS."""

import enum
import re
from pathlib import Path

import pytest

from annexe_ros.core import Extent, Hands, Role, Stage
from annexe_ros.core.errors import Status

ROOT = Path(__file__).parents[2]


def sections(file: str) -> list[list[str]]:
    """Return the declarations of each section, without comments and with single spaces."""
    text = re.sub(r"#.*", "", (ROOT / file).read_text())
    return [[" ".join(line.split()) for line in part.splitlines() if line.strip()] for part in text.split("---")]


def constants(file: str, section: int = 0) -> dict[str, int]:
    found = (re.fullmatch(r"uint8 ([A-Z_]+)=(\d+)", line) for line in sections(file)[section])
    return {match[1]: int(match[2]) for match in found if match}


def values(kind: type[enum.IntEnum | enum.IntFlag]) -> dict[str, int]:
    return {member.name: member.value for member in kind}


def test_action_asks_and_answers_like_the_service():
    assert sections("action/StreamEgoQuery.action")[:2] == sections("srv/EgoQuery.srv")


def test_statuses_are_those_of_core():
    assert constants("srv/EgoQuery.srv", 1) == values(Status)


def test_roles_hands_and_extents_are_those_of_core():
    assert constants("msg/InteractionObject.msg") == values(Role) | values(Hands) | values(Extent)


def test_stages_are_those_of_core_in_their_order():
    assert constants("action/StreamEgoQuery.action", 2) == {stage.name: number for number, stage in enumerate(Stage)}


@pytest.mark.parametrize("folder", ["msg", "srv", "action"])
def test_every_interface_is_generated(folder):
    listed = set(re.findall(rf"{folder}/\w+\.{folder}", (ROOT / "CMakeLists.txt").read_text()))
    assert listed == {f"{folder}/{file.name}" for file in (ROOT / folder).iterdir()}
