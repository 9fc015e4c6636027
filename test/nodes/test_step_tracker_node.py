"""The step tracker over real DDS, with a tiny untrained encoder: steps, forecasts, places, pauses, what is refused."""

import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")
pytest.importorskip("torch", reason="PyTorch is not installed")

from conftest import spinning
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tiny_encoder import write_tiny_encoder
from tiny_film import STEP_NS, picture, write_film

from annexe_ros.msg import DemonstrationPlace, ProcedureForecast, ProcedureStep
from annexe_ros.nodes.step_tracker import StepTrackerNode
from annexe_ros.procedures.tracking.training import SIZES, rehearse, train_tracker
from annexe_ros.ros import qos
from annexe_ros.ros.images import image_message
from annexe_ros.ros.stamps import nanoseconds, stamp_message
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.window import WindowShape

pytestmark = [pytest.mark.ros, pytest.mark.model]

NODE = "/step_tracker"
WINDOW_S, STRIDE_S = 0.4, 0.2
PATIENCE_S = 2.0
"""How long the camera waits for what the node tells of a window; the image that ends it may be lost."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return parameters of a tracker that was trained on one film with a tiny encoder, and of its demonstration."""
    root = tmp_path_factory.mktemp("tracker")
    write_film(root / "films" / "paint")
    folder = write_tiny_encoder(root / "encoder")
    encoder = ClipEncoder.load(folder)
    shape = WindowShape(WINDOW_S, encoder.config.num_frames, encoder.config.frame_size, 1.0)
    films = rehearse(root / "films", encoder, shape, STRIDE_S)
    settings = replace(SIZES, maps=8, layers=2, epochs=30, dropout=0.0, learning_rate=1e-2)
    train_tracker(films, str(folder), WINDOW_S, STRIDE_S, settings).save(root / "tea")
    return {"model": str(root / "tea"), "demonstration": str(root / "films" / "paint")}


@contextmanager
def tracker(context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in {"diagnostics_period": 0.1, **parameters}.items()]
    with spinning(StepTrackerNode(context=context, parameter_overrides=overrides)) as node:
        yield node


class Watched:
    """A camera of ten images a second, by their stamps, and what the node tells of it.

    It waits for the node: a busy machine that left windows out would see another film than the one that is shown.
    """

    def __init__(self, peer):
        self.peer, self.now_ns, self.number, self.shown_s = peer, 1_000 * 10**9, 0, 0.0
        self._images = peer.node.create_publisher(Image, "image", 10)
        self.heard = {ProcedureStep: [], ProcedureForecast: [], DemonstrationPlace: []}
        for (kind, messages), topic in zip(self.heard.items(), ("step", "forecast", "demonstration"), strict=True):
            peer.node.create_subscription(kind, f"{NODE}/{topic}", messages.append, qos.reliable())
        self.statuses = {}
        peer.node.create_subscription(
            DiagnosticArray, "/diagnostics", lambda array: self.statuses.update({s.name: s for s in array.status}), 10
        )

    def show(self, step):
        self.now_ns, self.number, self.shown_s = self.now_ns + STEP_NS, self.number + 1, time.monotonic()
        header = Header(stamp=stamp_message(self.now_ns), frame_id="head")
        self._images.publish(image_message(picture(step, self.number), "rgb8", header))

    def is_due(self):
        """Say whether the last window was told of, or won't be."""
        told_ns = nanoseconds(self.last(ProcedureStep).window_end)
        followed = self.now_ns - told_ns < STRIDE_S * 1e9
        return not told_ns or followed or time.monotonic() > self.shown_s + PATIENCE_S

    def until(self, step, condition):
        def happened():
            if self.is_due():
                self.show(step)
            return condition()

        self.peer.wait_until(happened)

    def status(self, part):
        return self.statuses.get(f"{NODE}: {part}", DiagnosticStatus())

    def last(self, kind):
        return self.heard[kind][-1] if self.heard[kind] else kind()


@pytest.fixture
def watched(peer):
    return Watched(peer)


def test_a_procedure_is_followed(context, watched, trained):
    with tracker(context, **trained):
        watched.until(1, lambda: watched.last(ProcedureStep).step_id == 1)
        watched.until(1, lambda: watched.last(ProcedureForecast).after_step_id == 1)
        forecast = watched.last(ProcedureForecast)
        watched.until(2, lambda: watched.last(ProcedureStep).step_id == 2)
        watched.until(3, lambda: watched.last(DemonstrationPlace).step_number == 3)
        watched.until(3, lambda: watched.status("recognising").message == "recognising")
    assert (forecast.step_ids[0], forecast.labels[0]) == (2, "paint 2")
    assert len(forecast.step_ids) == len(forecast.labels) == len(forecast.probabilities) == len(forecast.lead_times)
    assert 0 < sum(forecast.probabilities) <= 1
    step = watched.last(ProcedureStep)
    assert (step.label, step.model, step.header.frame_id) == (f"paint {step.step_id}", "tea", "head")
    assert step.header.stamp == step.window_end
    assert nanoseconds(step.since) <= nanoseconds(step.window_end)
    assert nanoseconds(step.window_start) < nanoseconds(step.window_end)
    place = watched.last(DemonstrationPlace)
    assert (place.demonstration, place.step_count, place.label) == ("paint", 3, "paint 3")
    assert place.text.startswith("step 3 of 3 of 'paint', 0:0")
    assert 0 < place.score <= 1
    assert place.similarity > 0.5


def test_without_a_demonstration_nothing_is_told_of_one(context, watched, trained):
    with tracker(context, model=trained["model"]):
        watched.until(1, lambda: len(watched.heard[ProcedureForecast]) >= 3)
    assert not watched.heard[DemonstrationPlace]


def test_a_topic_that_cant_be_advertised_leaves_none_behind(context, peer, trained):
    wrong = {f"qos_overrides.{NODE}/forecast.publisher.reliability": "best-effort"}
    with tracker(context, **trained, autostart=False, **wrong) as node:
        assert node.trigger_configure() is not TransitionCallbackReturn.SUCCESS
        assert node.count_publishers(f"{NODE}/step") == 0


def test_it_is_deactivated_and_goes_on_anew(context, watched, trained):
    with tracker(context, **trained) as node:
        watched.until(2, lambda: watched.heard[ProcedureStep])
        watched.peer.have_done(node, node.trigger_deactivate, node.trigger_activate)
        before = len(watched.heard[ProcedureStep])
        watched.until(1, lambda: len(watched.heard[ProcedureStep]) > before)
    assert nanoseconds(watched.last(ProcedureStep).since) > 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"model": ""}, "parameter 'model' names no step tracker"),
        ({"model": "/nowhere"}, "there is no such folder"),
        ({"encoder": "/nowhere"}, "there is no such folder"),
        ({"demonstration": "/nowhere"}, "/nowhere"),
    ],
)
def test_what_is_missing_is_told_before_any_heavy_library_is_imported(
    context, peer, trained, monkeypatch, changed, sentence
):
    monkeypatch.setitem(sys.modules, "annexe_ros.procedures.tracking.tracker", None)  # whoever imports it fails
    monkeypatch.setitem(sys.modules, "annexe_ros.video.encoder", None)
    statuses = []
    peer.node.create_subscription(DiagnosticArray, "/diagnostics", statuses.append, 10)
    with tracker(context, autostart=False, **{**trained, **changed}) as node:
        node.trigger_configure()
        assert sentence in node._why_inactive
