"""docs/interfaces.md, and what is shown of the node's topics elsewhere, agree with the code."""

import json
from pathlib import Path

import pytest
import yaml
from interface_page import PAGE, interfaces

CONFIG = Path(__file__).parents[2] / "config"
RVIZ_TYPES = {
    "Image": "sensor_msgs/msg/Image",
    "MarkerArray": "visualization_msgs/msg/MarkerArray",
    "PointCloud2": "sensor_msgs/msg/PointCloud2",
}
FOXGLOVE_TYPES = {
    "3D": {"visualization_msgs/msg/MarkerArray", "sensor_msgs/msg/PointCloud2"},
    "RawMessages": {"annexe_ros/msg/InteractionAnswer"},
    "DiagnosticSummary": {"diagnostic_msgs/msg/DiagnosticArray"},
    "CallService": {"annexe_ros/srv/EgoQuery"},
}
"""What a panel of Foxglove is given to show."""

ANSWERS = {"/annexe/overlay", "/annexe/markers", "/annexe/objects_cloud"}


def types():
    """Return the type of each topic and service by its name."""
    return {row.full_name(): row.type for row in interfaces("in", "out", "service") if not row.only}


@pytest.mark.ros
def test_the_tables_of_parameters_are_those_of_the_code():
    pytest.importorskip("annexe_ros.srv", reason="the overlay isn't built")
    from parameter_tables import KINDS, with_tables

    page = PAGE.read_text(encoding="utf-8")
    again = "the tables are old; write them anew: bash scripts/env.sh python scripts/parameter_tables.py"
    assert page == with_tables(page), again
    assert all(f"<!-- parameters {node}:" in page for node in KINDS)


def rviz_displays():
    described = yaml.safe_load((CONFIG / "annexe.rviz").read_text(encoding="utf-8"))
    return {display["Name"]: display for display in described["Visualization Manager"]["Displays"]}


def test_rviz_shows_topics_of_the_node_by_their_types():
    shown = {
        display["Topic"]["Value"]: RVIZ_TYPES[display["Class"].rpartition("/")[2]]
        for display in rviz_displays().values()
        if "Topic" in display
    }
    assert shown.items() <= types().items()
    assert {*ANSWERS, "/image"} == shown.keys()
    assert any(display["Class"].endswith("/TF") for display in rviz_displays().values())


def test_rviz_asks_for_no_more_than_is_offered():
    offered = {row.full_name(): row.qos for row in interfaces("out")}
    for display in rviz_displays().values():
        if "Topic" in display and display["Topic"]["Value"] in offered:
            assert display["Topic"]["Reliability Policy"].lower() in offered[display["Topic"]["Value"]]
            assert display["Topic"]["Durability Policy"] == "Volatile"
    assert rviz_displays()["Camera"]["Topic"]["Reliability Policy"] == "Best Effort"


def foxglove():
    return json.loads((CONFIG / "foxglove.json").read_text(encoding="utf-8"))


def named_in(panel, config):
    """Return the topics, or the service, that a panel shows, with the types that it can show."""
    if panel == "Image":
        yield config["imageMode"]["imageTopic"], {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"}
        if "calibrationTopic" in config["imageMode"]:
            yield config["imageMode"]["calibrationTopic"], {"sensor_msgs/msg/CameraInfo"}
    for topic in config.get("topics", {}):
        yield topic, FOXGLOVE_TYPES["3D"]
    for key in ("topicPath", "topicToRender", "serviceName"):
        if key in config:
            yield config[key], FOXGLOVE_TYPES[panel]


def test_foxglove_shows_topics_of_the_node_by_their_types():
    shown = set()
    for panel, config in foxglove()["configById"].items():
        for name, accepted in named_in(panel.partition("!")[0], config):
            assert types()[name] in accepted
            shown.add(name)
    assert {*ANSWERS, "/annexe/answer", "/diagnostics", "/image"} <= shown


def test_every_panel_of_foxglove_has_a_place():
    def panels(place):
        return {place} if isinstance(place, str) else panels(place["first"]) | panels(place["second"])

    assert panels(foxglove()["layout"]) == foxglove()["configById"].keys()
