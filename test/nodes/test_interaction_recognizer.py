"""The interaction recognizer over real DDS, with a tiny untrained encoder: windows, events, silence, diagnostics."""

from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")
pytest.importorskip("torch", reason="PyTorch is not installed")

from conftest import spinning
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tiny_encoder import FRAMES, write_tiny_encoder

from annexe_ros.msg import InteractionEvent
from annexe_ros.nodes.interaction_recognizer import InteractionRecognizer
from annexe_ros.ros import qos
from annexe_ros.ros.images import image_message
from annexe_ros.ros.stamps import nanoseconds, stamp_message

pytestmark = [pytest.mark.ros, pytest.mark.model]

NODE = "/interaction_recognizer"
STEP_NS = 100_000_000
BEGIN_NS = 1_000 * 10**9


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return str(write_tiny_encoder(tmp_path_factory.mktemp("tiny-encoder")))


@contextmanager
def recognizer(context, model, **parameters):
    values = {"model": model, "verbs": ["picks up", "opens"], "nouns": ["mug", "bowl"], "window": 0.4, "stride": 0.2}
    values |= {"min_margin": 0.0, "diagnostics_period": 0.1, **parameters}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    with spinning(InteractionRecognizer(context=context, parameter_overrides=overrides)) as node:
        yield node


class Film:
    """A camera of ten images a second, by their stamps, and the events that come of them."""

    def __init__(self, peer):
        self.peer, self._now_ns = peer, BEGIN_NS
        self._images = peer.node.create_publisher(Image, "image", 10)
        self.events, self.statuses = [], {}
        peer.node.create_subscription(InteractionEvent, f"{NODE}/event", self.events.append, qos.reliable())
        peer.node.create_subscription(
            DiagnosticArray, "/diagnostics", lambda array: self.statuses.update({s.name: s for s in array.status}), 10
        )

    def show(self, step_ns=STEP_NS, encoding="rgb8"):
        self._now_ns += step_ns
        header = Header(stamp=stamp_message(self._now_ns), frame_id="head")
        pixels = np.random.default_rng(self._now_ns).integers(0, 255, (24, 32, 3)).astype(np.uint8)
        message = image_message(pixels, "rgb8", header)
        message.encoding = encoding
        self._images.publish(message)
        return True

    def until(self, condition, **how):
        self.peer.wait_until(lambda: self.show(**how) and condition())

    def status(self, part="recognising"):
        return self.statuses.get(f"{NODE}: {part}", DiagnosticStatus())

    def value(self, key, part="recognising"):
        return int({pair.key: pair.value for pair in self.status(part).values}.get(key, "0"))


@pytest.fixture
def film(peer):
    return Film(peer)


def test_a_window_of_images_becomes_an_event(context, film, encoder):
    with recognizer(context, encoder):
        film.until(lambda: len(film.events) >= 3)
    event = film.events[0]
    assert event.phrase == f"{event.verb} the {event.noun}"
    assert event.verb in ("picks up", "opens")
    assert event.noun in ("mug", "bowl")
    assert event.rival != event.phrase
    assert event.margin >= 0
    assert event.header.frame_id == "head"
    assert event.header.stamp == event.window_end
    spans = {nanoseconds(event.window_end) - nanoseconds(event.window_start) for event in film.events}
    assert (FRAMES - 1) * STEP_NS in spans  # a busy machine may lose images of others
    assert event.model.startswith("tiny-encoder")
    ends = [nanoseconds(event.window_end) for event in film.events]
    assert np.diff(ends).min() >= 2 * STEP_NS


def test_it_abstains_below_the_margin_until_that_is_lowered(context, film, encoder):
    with recognizer(context, encoder, min_margin=2.0) as node:
        film.until(lambda: film.value("events abstained from") >= 2)
        assert film.events == []
        node.set_parameters([Parameter("min_margin", value=0.0)])
        film.until(lambda: film.events)


def test_windows_with_gaps_are_dropped_and_told(context, film, encoder):
    with recognizer(context, encoder, max_gap=0.15):
        film.until(lambda: film.value("windows with a gap") >= 1, step_ns=2 * STEP_NS)
        assert film.status().level == DiagnosticStatus.WARN
        assert "gap" in film.status().message
    assert film.events == []


def test_images_that_cant_be_read_are_left_out(context, film, encoder):
    with recognizer(context, encoder):
        film.until(lambda: film.value("dropped", "camera") >= 2, encoding="holographic")
        film.until(lambda: film.events)


def test_phrases_may_stand_in_place_of_verbs_and_nouns(context, film, encoder):
    with recognizer(context, encoder, phrases=["opens the bowl", "picks up the mug"]):
        film.until(lambda: film.events)
    assert film.events[0].phrase in ("opens the bowl", "picks up the mug")
    assert not film.events[0].verb


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"verbs": ["opens"], "nouns": ["mug"]}, "at least two different prompts"),
        ({"template": "a film"}, "no place for the phrase"),
        ({"verbs": ["opens/", "closes"]}, "no name with its wordings"),
        ({"model": "nowhere"}, "no shipped model of that name"),
        ({"device": "abacus"}, "unknown device 'abacus'"),
    ],
)
def test_what_it_cant_be_configured_with_is_told_in_a_sentence(context, peer, encoder, wrong, why):
    with recognizer(context, **{"model": encoder, **wrong}, autostart=False) as node:
        node.trigger_configure()
        assert why in node._why_inactive


def test_a_value_out_of_range_is_refused_when_it_is_set(context, encoder):
    with recognizer(context, encoder, autostart=False) as node:
        (result,) = node.set_parameters([Parameter("stride", value=-1.0)])
        assert not result.successful
        assert "stride" in result.reason


def test_inactive_it_hears_nothing_and_says_so(context, film, encoder):
    with recognizer(context, encoder, autostart=False) as node:
        node.trigger_configure()
        film.until(lambda: "not activated" in film.status().message)
        assert film.status().level == DiagnosticStatus.WARN
        film.peer.have_done(node, node.trigger_activate, node.trigger_deactivate, node.trigger_activate)
        film.until(lambda: film.events)
        film.peer.have_done(node, node.trigger_deactivate, node.trigger_cleanup)
        assert node._why_inactive == "it is not configured"


def test_a_publisher_that_cant_be_heard_is_named(context, peer, encoder):
    overrides = {"qos_overrides./image.subscription.reliability": "reliable"}
    film = Film(peer)
    with recognizer(context, encoder, **overrides):
        peer.node.create_publisher(Image, "image", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
        peer.wait_until(lambda: "/image" in film.status("camera").message)
    assert film.status("camera").level == DiagnosticStatus.ERROR
