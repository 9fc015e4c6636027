"""Every shipped parameters file is read by ROS's own parser and fits the node that it is for."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from rclpy.node import Node

from annexe_ros.nodes.camera_replay import ReplayParameters
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.recognizer_parameters import RecognizerParameters
from annexe_ros.nodes.step_tracker_parameters import StepTrackerParameters
from annexe_ros.ros.parameters import NodeParameters, declarations

pytestmark = pytest.mark.ros

CONFIG = Path(__file__).parents[2] / "config"
KINDS = {
    "annexe": PerceptionParameters,
    "interaction_recognizer": RecognizerParameters,
    "step_tracker": StepTrackerParameters,
    "camera_replay": ReplayParameters,
}


def contents(path):
    """Return the parameters by the name of the node, whatever its namespace."""
    nodes = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name.removeprefix("/**/"): node["ros__parameters"] for name, node in nodes.items()}


def parameter_files():
    texts = {path: path.read_text(encoding="utf-8") for path in CONFIG.rglob("*.yaml")}
    return sorted(path for path, text in texts.items() if "ros__parameters" in text)


@pytest.mark.parametrize("namespace", ["", "/robot"])
@pytest.mark.parametrize("path", parameter_files(), ids=lambda path: path.name)
def test_a_shipped_file_is_accepted_by_its_node(path, namespace, context):
    for name, values in contents(path).items():
        node = Node(
            name,
            namespace=namespace,
            context=context,
            cli_args=["--ros-args", "--params-file", str(path)],
            use_global_arguments=False,
            automatically_declare_parameters_from_overrides=True,
        )
        assert {key: node.get_parameter(key).value for key in values} == values
        NodeParameters(node, KINDS[name]).check()
        node.destroy_node()


@pytest.mark.parametrize("node", ["annexe", "interaction_recognizer", "step_tracker"])
def test_a_nodes_file_lists_its_defaults(node):
    listed = contents(CONFIG / f"{node}.yaml")[node]
    assert listed == {item.name: item.default for item in declarations(KINDS[node]) if not item.read_only}


def test_the_recognizers_names_are_what_the_shipped_encoder_has_learned():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from annexe_ros.video.benchmarks.descriptions import noun_entries, verb_entries

    assert (RecognizerParameters().verbs, RecognizerParameters().nouns) == (verb_entries(), noun_entries())
