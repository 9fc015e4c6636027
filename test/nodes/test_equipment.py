"""What stays of an equipment, or of serving, that fails while it is made: nothing."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter

from annexe_ros import inference
from annexe_ros.nodes import equipment
from annexe_ros.nodes.equipment import Equipment
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.serving import Serving

pytestmark = pytest.mark.ros

VALUES = PerceptionParameters(engine="scripted", cameras=["head", "wrist"], interaction_events="events")


@pytest.fixture
def node(context):
    wrong = Parameter("qos_overrides./wrist/depth.subscription.reliability", value="best-effort")
    node = LifecycleNode("half", context=context, parameter_overrides=[wrong])
    yield node
    node.destroy_node()


@pytest.fixture
def endpoints(node):
    """Return what the node has in the graph, and what it had at first."""

    def held():
        return [endpoint.topic_name for endpoint in (*node.publishers, *node.subscriptions)]

    return held, held()


@pytest.fixture
def engine(monkeypatch):
    engine = SimpleNamespace(closed=0)
    engine.close = lambda: setattr(engine, "closed", engine.closed + 1)
    monkeypatch.setattr(inference, "load_engine", lambda *_: engine)
    return engine


def test_an_equipment_that_fails_midway_gives_engine_and_topics_back(node, endpoints, engine, monkeypatch):
    monkeypatch.setattr(equipment, "Health", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        Equipment.made_for(node, VALUES, str)
    held, at_first = endpoints
    assert (engine.closed, held()) == (1, at_first)


def test_serving_that_fails_midway_unsubscribes(node, endpoints, engine):
    held, at_first = endpoints
    made = Equipment.made_for(node, VALUES, str)
    equipped = held()
    with pytest.raises(RuntimeError, match="best-effort"):
        Serving(node, made, VALUES, wake=int, later=lambda _: None)
    assert held() == equipped
    made.close()
    assert (engine.closed, held()) == (1, at_first)
