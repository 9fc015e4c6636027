"""Arrows point towards core: which room may import what. A change of this table is a design decision."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "annexe_ros"

ROS = frozenset({
    "rclpy", "std_msgs", "sensor_msgs", "geometry_msgs", "visualization_msgs", "diagnostic_msgs", "lifecycle_msgs",
    "action_msgs", "shape_msgs", "vision_msgs", "rcl_interfaces", "builtin_interfaces", "unique_identifier_msgs",
    "std_srvs", "message_filters", "tf_transformations", "tf2_ros", "cv_bridge", "launch", "launch_ros", "rosbag2_py",
    "ament_index_python", "annexe_ros.msg", "annexe_ros.srv", "annexe_ros.action",
})  # fmt: skip
ROOMS = frozenset({
    "core", "model", "inference", "data", "drawing", "training", "evaluation", "benchmark", "video", "procedures",
    "ros", "nodes", "cli",
})  # fmt: skip


def rooms(*names: str) -> frozenset[str]:
    return frozenset(f"annexe_ros.{name}" for name in names)


def every_room_but(*names: str) -> frozenset[str]:
    return rooms(*ROOMS.difference(names))


ROS_ROOMS = rooms("ros", "nodes")
MODELS = frozenset({"torch", "transformers"})

NEVER = {
    "core": every_room_but("core") | ROS | MODELS | {"cv2", "mujoco"},
    "model": every_room_but("model") | ROS,
    "inference": rooms("data", "training", "evaluation", "nodes", "cli", "ros") | ROS,
    "data": rooms("model", "inference", "ros", "nodes", "cli") | ROS | {"torch"},
    "drawing": every_room_but("core", "drawing") | ROS | MODELS | {"mujoco"},
    "training": rooms("nodes", "cli", "inference", "ros") | ROS,
    "evaluation": rooms("model", "inference", "ros", "nodes", "cli") | ROS | {"torch"},
    "video": rooms("nodes", "cli", "ros") | ROS,
    "procedures": rooms("nodes", "cli", "ros") | ROS,
    "ros": every_room_but("core", "ros") | MODELS,
    "nodes": rooms("training", "cli"),
    "cli": ROS_ROOMS | {"rclpy"},
    "benchmark": ROS_ROOMS | {"rclpy"},
}
"""What a room must never import, at the top of a module or within a function."""

NEVER_AT_THE_TOP = {"nodes": rooms("inference", "video", "procedures") | MODELS}
"""Heavy rooms and libraries that a node imports while it is configured, so that it starts and answers at once."""


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the full dotted name of everything that is imported anywhere below ``tree``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: 1 - node.level or None]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_at_the_top(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield what importing the module imports: not what functions and blocks for type checkers do."""
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from imports(statement, package)


def violations(source: str, module: str, room: str) -> list[str]:
    tree, package = ast.parse(source), module.rpartition(".")[0]
    found = [name for name in imports(tree, package) if within(name, NEVER[room])]
    early = NEVER_AT_THE_TOP.get(room, frozenset())
    return found + [name for name in imports_at_the_top(tree, package) if within(name, early)]


def within(name: str, forbidden: frozenset[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in forbidden)


def test_every_room_has_a_rule():
    folders = {folder.name for folder in PACKAGE.iterdir() if any(folder.rglob("*.py"))}
    assert folders <= NEVER.keys()
    assert NEVER.keys() == ROOMS


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_rooms_keep_to_the_rules(room):
    broken = []
    for file in sorted((PACKAGE / room).rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        broken += [f"{module} imports {name}" for name in violations(file.read_text(), module, room)]
    assert not broken


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("core", "import torch.nn"),
        ("core", "def f():\n    from annexe_ros.data import recording"),
        ("core", "from annexe_ros import model"),
        ("core", "from ..data import recording"),
        ("data", "from torch import nn"),
        ("ros", "from annexe_ros.inference import Scheduler"),
        ("cli", "import rclpy"),
        ("nodes", "from annexe_ros.inference import create_engine"),
    ],
)
def test_a_broken_rule_is_found(room, source):
    assert violations(source, f"annexe_ros.{room}.module", room)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("core", "import numpy as np\nfrom annexe_ros.core.frame import Frame"),
        ("core", "from .frame import Frame"),
        ("ros", "from annexe_ros.msg import InteractionAnswer"),
        ("nodes", "def configure():\n    import torch"),
    ],
)
def test_what_is_allowed_is_not_reported(room, source):
    assert not violations(source, f"annexe_ros.{room}.module", room)
