"""``/diagnostics`` of the node in its different states."""

import json

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from test_perception import perception

pytestmark = pytest.mark.ros


@pytest.fixture
def statuses(peer):
    """The newest status of each component, by name."""
    found = {}
    peer.node.create_subscription(
        DiagnosticArray, "/diagnostics", lambda array: found.update({s.name: s for s in array.status}), 10
    )
    return found


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_a_working_node_says_how_it_works(context, peer, statuses):
    with perception(context, diagnostics_period=0.1):
        peer.ask_about_camera()
        peer.wait_until(lambda: peer.show() and values(statuses.get("/annexe: answering", DiagnosticStatus())))
        peer.wait_until(lambda: peer.show() and "locate [ms]" in values(statuses["/annexe: answering"]))
        camera = statuses["/annexe: camera"]
    answering = values(statuses["/annexe: answering"])
    assert statuses["/annexe: answering"].level == DiagnosticStatus.OK
    assert (answering["waiting"], answering["running"]) == ("0", "False")
    assert int(answering["answered"]) >= 1
    assert camera.level == DiagnosticStatus.OK
    assert int(values(camera)["pairs"]) >= 1


def test_an_engine_that_fails_is_an_error(context, peer, statuses, tmp_path):
    script = tmp_path / "broken.json"
    script.write_text(json.dumps({"failures": {"answer": "the GPU is gone"}}))
    with perception(context, diagnostics_period=0.1, model=str(script)):
        peer.ask_about_camera()
        peer.wait_until(lambda: statuses.get("/annexe: answering", DiagnosticStatus()).level == DiagnosticStatus.ERROR)
    assert "the GPU is gone" in statuses["/annexe: answering"].message
    assert values(statuses["/annexe: answering"])["failed"] != "0"


def test_a_node_that_isnt_active_warns(context, peer, statuses):
    with perception(context, diagnostics_period=0.1, autostart=False) as node:
        node.trigger_configure()
        peer.wait_until(lambda: "not activated" in statuses.get("/annexe: answering", DiagnosticStatus()).message)
    assert statuses["/annexe: answering"].level == DiagnosticStatus.WARN


def test_a_publisher_that_cant_be_heard_is_named(context, peer, statuses):
    with perception(context, diagnostics_period=0.1, **{"qos_overrides./image.subscription.reliability": "reliable"}):
        deaf = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        peer.node.create_publisher(Image, "image", deaf)
        peer.wait_until(lambda: "/image" in statuses.get("/annexe: camera", DiagnosticStatus()).message)
    assert statuses["/annexe: camera"].level == DiagnosticStatus.ERROR


def test_a_node_that_rests_gives_the_device_back(context, peer, monkeypatch):
    from annexe_ros import inference

    class Holder(inference.ScriptedEngine):
        calls: list[str] = []  # noqa: RUF012

        def claim_device(self):
            self.calls.append("claim")

        def release_device(self):
            self.calls.append("release")

    monkeypatch.setattr(inference, "load_engine", lambda *_: Holder())
    with perception(context, autostart=False) as node:
        for transition in ("configure", "activate", "deactivate", "activate"):
            getattr(node, f"trigger_{transition}")()
        assert peer.ask_about_camera().success
        assert Holder.calls == ["claim", "release", "claim"]
