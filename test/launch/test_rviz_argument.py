"""``rviz:=true`` of annexe.launch.py, with stand-ins for launch and launch_ros: what rviz is started with."""

from pathlib import Path

import pytest
import yaml
from launch_stand_ins import names_of

SHOWN = Path(__file__).parents[2] / "config" / "annexe.rviz"


@pytest.fixture
def rviz(monkeypatch):
    launch_file = names_of(monkeypatch, "annexe.launch.py")
    return lambda **arguments: launch_file["_rviz"](arguments)[0]


def topics():
    displays = yaml.safe_load(SHOWN.read_text(encoding="utf-8"))["Visualization Manager"]["Displays"]
    return {display["Topic"]["Value"] for display in displays if "Topic" in display}


def test_every_topic_lies_in_the_nodes_namespace(rviz):
    assert rviz()["namespace"].name == "namespace"
    assert dict(rviz()["remappings"]) == {topic: topic.removeprefix("/") for topic in topics()}


def test_the_camera_is_the_nodes(rviz):
    assert dict(rviz(camera="realsense")["remappings"])["/image"] == "/camera/camera/color/image_raw"
    assert dict(rviz(image="/mine")["remappings"])["/image"] == "/mine"


def test_the_fixed_frame_is_the_files_unless_it_is_given(rviz):
    assert rviz()["arguments"] == ["-d", "annexe.rviz"]
    assert rviz(fixed_frame="map")["arguments"] == ["-d", "annexe.rviz", "-f", "map"]


def test_time_is_simulated_where_the_nodes_is(rviz):
    assert rviz()["parameters"] == [{}]
    assert rviz(use_sim_time="true", autostart="true")["parameters"] == [{"use_sim_time": (bool, "use_sim_time")}]
