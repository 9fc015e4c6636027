from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rcl_interfaces.msg", reason="ROS messages are not installed")

from annexe_ros.ros.parameters import Declaration, declarations, parameter, problems, qos_override, table

pytestmark = pytest.mark.ros


@dataclass(frozen=True)
class Example:
    speed: float = parameter(1.0, "How fast [m/s].", minimum=0.5, maximum=2.0)
    count: int = parameter(3, "How many.", minimum=1, maximum=9)
    mode: str = parameter("walk", "How.", choices=("walk", "run"))
    fixed: bool = parameter(True, "For good.", read_only=True)
    free: str = parameter("", "Anything.")


DECLARED = declarations(Example)
BY_NAME = {declaration.name: declaration for declaration in DECLARED}


def test_defaults_are_fine():
    assert problems(DECLARED, {item.name: item.default for item in DECLARED}) == {}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("speed", 2.5, "parameter 'speed' must lie in [0.5, 2.0], not 2.5"),
        ("speed", float("nan"), "parameter 'speed' must lie in [0.5, 2.0], not nan"),
        ("speed", 1, "parameter 'speed' must be of type double (like 1.0), not 1"),
        ("count", 0, "parameter 'count' must lie in [1, 9], not 0"),
        ("count", True, "parameter 'count' must be of type integer (like 3), not True"),
        ("mode", "fly", "parameter 'mode' must be one of walk, run, not 'fly'"),
        ("fixed", "yes", "parameter 'fixed' must be of type bool (like True), not 'yes'"),
        ("sped", 1.0, "unknown parameter 'sped'; did you mean 'speed'?"),
        ("zzz", 1.0, "unknown parameter 'zzz'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, sentence):
    assert problems(DECLARED, {name: value}) == {name: sentence}


def test_a_check_of_ones_own_is_told_with_the_name_too():
    template = Declaration("template", "", "", check=lambda text: f"'{text}' has no place for the phrase")
    assert template.problem("a") == "parameter 'template': 'a' has no place for the phrase"
    cameras = Declaration("cameras", "", "", check=lambda text: f"parameter 'cameras' names '{text}'")
    assert cameras.problem("a") == "parameter 'cameras' names 'a'"


DEPTH_TOPIC = "qos_overrides./depth.subscription"


@pytest.mark.parametrize(
    ("policy", "value", "sentence"),
    [
        ("reliability", "best-effort", "'best-effort' is no reliability; known: "),
        ("reliability", "unknown", "'unknown' is no reliability"),
        ("reliability", True, "must be of type string"),
        ("history", "keep", "'keep' is no history; known: system_default, keep_last, keep_all"),
        ("depth", "10", "must be of type integer"),
        ("depth", -1, "must lie in [0, ∞], not -1"),
    ],
)
def test_a_wrong_quality_of_service_is_refused_by_name(policy, value, sentence):
    name = f"{DEPTH_TOPIC}.{policy}"
    problem = qos_override(name).problem(value)
    assert problem.startswith(f"parameter '{name}'")
    assert sentence in problem


def test_what_rclpy_takes_for_a_quality_of_service_is_fine():
    fine = {"reliability": "RELIABLE", "history": "keep_all", "depth": 0}
    assert [qos_override(f"{DEPTH_TOPIC}.{policy}").problem(value) for policy, value in fine.items()] == [None] * 3
    assert qos_override("qos_overrides./parameter_events.publisher.durability") is None
    assert qos_override("depth") is None


@given(st.floats(0.5, 2.0))
def test_the_limits_are_allowed(value):
    assert BY_NAME["speed"].problem(value) is None


def test_descriptors_tell_what_is_declared():
    speed, count = BY_NAME["speed"].descriptor, BY_NAME["count"].descriptor
    assert (speed.description, speed.floating_point_range[0].to_value) == ("How fast [m/s].", 2.0)
    assert (count.integer_range[0].from_value, count.integer_range[0].to_value) == (1, 9)
    assert BY_NAME["mode"].descriptor.additional_constraints == "one of: walk, run"
    assert BY_NAME["fixed"].descriptor.read_only


def test_the_table_has_a_row_per_parameter():
    rows = table(Example).splitlines()
    assert len(rows) == 2 + len(DECLARED)
    assert rows[2] == "| `speed` | double | `1.0` | [0.5, 2.0] | How fast [m/s]. |"
    assert rows[5] == "| `fixed` | bool | `True` |  | For good. Read-only. |"
