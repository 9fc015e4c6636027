"""Launch files: what they name exists (always checked); they start the nodes (where launch_ros is installed)."""

import ast
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
IN_CONFIG = (".yaml", ".xml", ".rviz")


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def texts(path):
    """Return every text in the file's code; docstrings aside, which are texts with line breaks."""
    found = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)]
    return [value for value in found if isinstance(value, str) and "\n" not in value]


def calls(path, *names):
    return [
        {keyword.arg: keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)}
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def names_in_calls(path, function):
    return {
        node.args[0].value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == function
        and isinstance(node.args[0], ast.Constant)
    }


def test_there_are_launch_files():
    assert {"annexe.launch.py", "demo.launch.py"} <= {path.name for path in LAUNCH_FILES}


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_executables_exist(path):
    ours = [call["executable"] for call in calls(path, "Node", "LifecycleNode") if call["package"] == "annexe_ros"]
    assert ours
    for name in ours:
        assert os.access(ROOT / "scripts" / name, os.X_OK), name


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_files_exist(path):
    for text in texts(path):
        if text.endswith(IN_CONFIG):
            assert (ROOT / "config" / text).is_file(), text
        if text.endswith(".launch.py"):
            assert (ROOT / "launch" / text).is_file(), text


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_arguments_are_declared_before_they_are_used(path):
    declared = {text for file in LAUNCH_FILES for text in names_in_calls(file, "DeclareLaunchArgument")}
    declared |= {"engine", "model", "device", "image_transport", "depth_transport"}  # by comprehension, like these:
    declared |= {"image", "depth", "camera_info"}
    assert names_in_calls(path, "LaunchConfiguration") <= declared


@pytest.mark.ros
def test_the_launched_node_answers():
    pytest.importorskip("launch_ros", reason="launch_ros is not installed, so that launch files can't be tried")
    from launch import LaunchDescription, LaunchService
    from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler, TimerAction
    from launch.event_handlers import OnProcessIO
    from launch.events import Shutdown

    output = []

    def on_output(event):
        output.append(event.text.decode())
        return [EmitEvent(event=Shutdown())] if "answers at /annexe/query" in output[-1] else []

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
                TimerAction(period=120.0, actions=[EmitEvent(event=Shutdown())]),
                IncludeLaunchDescription(
                    str(ROOT / "launch" / "annexe.launch.py"), launch_arguments=[("engine", "scripted")]
                ),
            ]
        )
    )
    assert service.run() == 0
    assert any("answers at /annexe/query" in text for text in output), "".join(output)
