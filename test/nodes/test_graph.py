"""What the running nodes have in the ROS graph is what docs/interfaces.md lists and the SROS2 policy allows."""

import itertools
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import spinning
from interface_page import KINDS, Interface, interfaces
from rclpy.action import get_action_server_names_and_types_by_node
from rclpy.parameter import Parameter
from sros2_policy import allowed

from annexe_ros.nodes.camera_replay import CameraReplay
from annexe_ros.nodes.interaction_recognizer import InteractionRecognizer
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.query_client import QueryClient
from annexe_ros.nodes.step_tracker import StepTrackerNode
from annexe_ros.ros.detections import vision_msgs_installed

pytestmark = pytest.mark.ros

WORDS = {"RELIABLE": "reliable", "BEST_EFFORT": "best effort", "TRANSIENT_LOCAL": ", latched", "VOLATILE": ""}
RECORDING = str(Path(__file__).parents[2] / "examples" / "recordings" / "head_camera")
NUMBERS = itertools.count()
HIDDEN = "/_action/"
"""The topics and services that an action is made of."""


def is_installed(condition):
    """Tell whether a package that a row asks for is here; what asks for a parameter isn't there by default."""
    if condition == "tf2_ros":
        return find_spec("tf2_ros") is not None
    return condition == "vision_msgs" and vision_msgs_installed()


@contextmanager
def running(make_node, context, **parameters):
    """Spin a node under a name of its own: discovery may still know those of earlier tests."""
    name = f"node_{next(NUMBERS)}"
    overrides = [Parameter(key, value=value) for key, value in parameters.items()]
    renamed = ["--ros-args", "-r", f"__node:={name}"]
    with spinning(make_node(context=context, parameter_overrides=overrides, cli_args=renamed)):
        yield name


class Graph:
    """What a peer hears of a node: type and quality of service by name."""

    def __init__(self, peer, node_name):
        self._peer, self._name = peer, node_name

    def has(self, names):
        """Tell whether discovery has come that far."""
        if self._name not in self._peer.get_node_names():
            return False
        known = self.published() | self.subscribed() | self.services() | self.actions()
        return known.keys() >= set(names)

    def published(self):
        found = self._peer.get_publisher_names_and_types_by_node(self._name, "/")
        return self._topics(found, self._peer.get_publishers_info_by_topic)

    def subscribed(self):
        found = self._peer.get_subscriber_names_and_types_by_node(self._name, "/")
        return self._topics(found, self._peer.get_subscriptions_info_by_topic)

    def services(self):
        found = self._peer.get_service_names_and_types_by_node(self._name, "/")
        return {name: (kind, "") for name, (kind,) in found if HIDDEN not in name}

    def requested(self):
        return {name for name, _ in self._peer.get_client_names_and_types_by_node(self._name, "/")}

    def actions(self):
        found = get_action_server_names_and_types_by_node(self._peer, self._name, "/")
        return {name: (kind, "") for name, (kind,) in found}

    def _topics(self, found, endpoints):
        return {name: (kind, self._qos(endpoints(name))) for name, (kind,) in found if HIDDEN not in name}

    def _qos(self, endpoints):
        profile = next(endpoint.qos_profile for endpoint in endpoints if endpoint.node_name == self._name)
        return WORDS[profile.reliability.name] + WORDS[profile.durability.name]


def listed(rows, name):
    return {row.full_name(f"/{name}"): (row.type, row.qos) for row in rows}


def test_the_page_lists_what_the_node_has(context, peer):
    rows = {kind: [row for row in interfaces(kind) if not row.only or is_installed(row.only)] for kind in KINDS}
    with running(PerceptionNode, context, engine="scripted") as name:
        graph = Graph(peer.node, name)
        peer.wait_until(lambda: graph.has(listed(itertools.chain(*rows.values()), name)))
        assert graph.published() == listed(rows["out"], name)
        assert graph.subscribed() == listed(rows["in"], name)
        assert graph.services() == listed(rows["service"], name)
        assert graph.actions() == listed(rows["action"], name)


def test_the_page_lists_what_parameters_change(context, peer):
    rows = [row for row in interfaces("in") if ": " in row.only]
    chosen = dict(row.only.split(": ") for row in rows)
    values = {key: value == "true" if value in ("true", "false") else value for key, value in chosen.items()}
    with running(PerceptionNode, context, engine="scripted", **values) as name:
        graph = Graph(peer.node, name)
        peer.wait_until(lambda: graph.has(listed(rows, name)))
        subscribed = graph.subscribed()
    assert listed(rows, name).items() <= subscribed.items()
    assert not {"/image", "/depth"} & subscribed.keys()


@pytest.mark.parametrize(
    ("enclave", "make_node", "parameters", "last"),
    [
        ("camera_replay", CameraReplay, {"recording": RECORDING}, "/image"),
        ("interaction_recognizer", InteractionRecognizer, {"autostart": False}, "/rosout"),
        ("step_tracker", StepTrackerNode, {"autostart": False}, "/rosout"),
        ("query_client", partial(QueryClient, "/annexe", with_pictures=True), {}, "/annexe/markers"),
    ],
)
def test_the_other_nodes_stay_within_their_enclaves(enclave, make_node, parameters, last, context, peer):
    rules = allowed(enclave)

    def names(*rule, name):
        return {Interface("", text, "", "", "").full_name(f"/{name}") for text in rules.get(rule, [])}

    with running(make_node, context, **parameters) as name:
        graph = Graph(peer.node, name)
        peer.wait_until(lambda: graph.has([last, *names("services", "reply", name=name)]))
        assert graph.published().keys() <= names("topics", "publish", name=name)
        assert graph.subscribed().keys() <= names("topics", "subscribe", name=name)
        assert graph.services().keys() == names("services", "reply", name=name)
        assert graph.requested() <= names("services", "request", name=name)
