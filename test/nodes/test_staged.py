"""What every lifecycle node of the package has in common: it goes when it is destroyed, and not when Python likes."""

import gc
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import new_context
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from annexe_ros.nodes.interaction_recognizer import InteractionRecognizer
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.step_tracker import StepTrackerNode

pytestmark = pytest.mark.ros


@pytest.fixture
def uncollected():
    """Keep the garbage until the test ends."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def threads_of_participants():
    """Return how many threads DDS has: they end with the participants that they serve."""
    names = [(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()]
    return sum(name.startswith("dds.") for name in names if not name.startswith("dds.shm.wdog"))


@pytest.mark.parametrize("make_node", [PerceptionNode, InteractionRecognizer, StepTrackerNode])
def test_a_destroyed_node_leaves_no_participant_to_the_garbage_collection(make_node, uncollected):
    before = threads_of_participants()
    with new_context() as context:
        node = make_node(context=context, parameter_overrides=[Parameter("autostart", value=False)])
        during = threads_of_participants()
        node.destroy_node()
        after = threads_of_participants()
    if during == before:
        pytest.skip("this DDS has no threads of Fast DDS's names")
    assert after == before


def test_an_active_node_too_is_gone_at_once(uncollected):
    before = threads_of_participants()
    with new_context() as context:
        overrides = [Parameter("engine", value="scripted"), Parameter("autostart", value=False)]
        node = PerceptionNode(context=context, parameter_overrides=overrides)
        assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        node.destroy_node()
        assert threads_of_participants() == before
