"""``camera:=`` of annexe.launch.py, with stand-ins for launch and launch_ros: what the node is started with."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="rclpy is not installed")

from launch_stand_ins import names_of

from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.sensor_topics import DEPTH_TRANSPORTS, IMAGE_TRANSPORTS
from annexe_ros.ros.parameters import declarations, problems

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[2]
CAMERAS = sorted((ROOT / "config" / "cameras").iterdir())


@pytest.fixture
def started(monkeypatch):
    """Return what the node is started with, given the launch arguments."""
    launch_file = names_of(monkeypatch, "annexe.launch.py")
    return lambda **arguments: launch_file["_perception"](arguments)[0]


@pytest.mark.parametrize("path", CAMERAS, ids=lambda path: path.stem)
def test_a_cameras_file_names_its_topics_and_known_parameters(path):
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert path.suffix == ".yaml"
    assert settings.keys() == {"topics", "parameters"}
    assert settings["topics"].keys() == {"image", "depth", "camera_info"}
    assert all(topic.startswith("/") for topic in settings["topics"].values())
    assert problems(declarations(PerceptionParameters), settings["parameters"]) == {}


def test_the_head_cameras_are_there():
    assert {"orbbec", "realsense", "zed"} <= {path.stem for path in CAMERAS}


@pytest.mark.parametrize("path", CAMERAS, ids=lambda path: path.stem)
def test_the_node_gets_what_the_file_says(path, started):
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    node = started(camera=path.stem)
    assert dict(node["remappings"]) == settings["topics"]
    assert settings["parameters"].items() <= node["parameters"][-1].items()


def test_arguments_win_over_the_file(started):
    node = started(
        camera="zed", image="/mine", image_transport=IMAGE_TRANSPORTS[1], depth_transport=DEPTH_TRANSPORTS[1]
    )
    assert dict(node["remappings"])["image"] == "/mine"
    assert dict(node["remappings"])["depth"].startswith("/zed/")
    assert node["parameters"][-1]["image_transport"] == "compressed"
    assert node["parameters"][-1]["depth_transport"] == "compressedDepth"


def test_a_question_reaches_the_node_as_it_was_asked(started):
    assert started(standing_query="Find: the mug")["parameters"][-1]["standing_query"] == "Find: the mug"


def test_without_a_camera_the_topics_keep_their_names(started):
    node = started()
    assert all(name == topic for name, topic in node["remappings"])
    assert node["parameters"][-1] == {}  # nothing overrides the parameters file


def test_flags_are_told_where_they_were_given(started):
    assert started(use_sim_time="True", autostart="false")["parameters"][-1] == {
        "use_sim_time": (bool, "use_sim_time"), "autostart": (bool, "autostart"),
    }  # fmt: skip


def test_an_unknown_camera_is_refused_by_name(started):
    with pytest.raises(ValueError, match="unknown camera 'kinect'; known: orbbec, realsense, zed"):
        started(camera="kinect")
