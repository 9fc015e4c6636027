"""What is published of an answer, to whom, and under which name."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from conftest import CAMERA, spinning
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.node import LifecycleState
from rclpy.qos import DurabilityPolicy
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core import Frame, GroundedObject, Interpretation, Query, Role
from annexe_ros.core.geometry import locate
from annexe_ros.core.transforms import PoseTransform, RigidTransform
from annexe_ros.msg import InteractionAnswer
from annexe_ros.nodes import answer_output
from annexe_ros.nodes.answer_output import AnswerOutput
from annexe_ros.ros import qos
from annexe_ros.ros.answers import answer_message

pytestmark = pytest.mark.ros

FRAME = Frame(
    np.full((48, 64, 3), 90, np.uint8), np.full((48, 64), 0.8, np.float32), CAMERA, 5_000_000_000, "head_camera"
)
LABELS = np.zeros((48, 64), np.uint8)
LABELS[18:30, 24:40] = 1
MUG = GroundedObject("mug", 1, 1.0, Role.OBJECT, track_id=3)
REPLY = locate(Interpretation("", "mug", True, 1.0, (MUG,), LABELS, "test", "test"), FRAME)
ANSWER = answer_message(REPLY, FRAME, Query("What is held?"))
TOLD, DRAWN = ("answer", "mask"), ("markers", "objects_cloud", "overlay", "overlay/compressed")


class Topic:
    def __init__(self, kind, name, profile):
        self.kind, self.name, self.profile = kind, name, profile
        self.subscribers, self.published = 0, []
        self.publish = self.published.append

    def get_subscription_count(self):
        return self.subscribers


class Desk:
    """A node without a graph, and a thread that works when told to."""

    def __init__(self):
        self.topics, self.tasks, self.log = {}, [], []
        self.thread = SimpleNamespace(submit=self.tasks.append, shutdown=lambda cancel_futures: self.tasks.clear())
        logger = SimpleNamespace(info=lambda text, once: self.log.append(text), error=self.log.append)
        self.get_logger = lambda: logger

    def create_lifecycle_publisher(self, kind, name, profile, **_):
        return self.topics.setdefault(name, Topic(kind, name, profile))

    def destroy_lifecycle_publisher(self, topic):
        del self.topics[topic.name]

    def work(self):
        while self.tasks:
            self.tasks.pop(0)()


@pytest.fixture
def desk(monkeypatch):
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    desk = Desk()
    monkeypatch.setattr(answer_output, "ThreadPoolExecutor", lambda workers, name: desk.thread)
    return desk


def published(desk, name):
    return desk.topics[f"~/{name}"].published


def test_without_subscribers_only_the_answer_is_made(desk):
    AnswerOutput(desk).publish(ANSWER, REPLY, FRAME)
    desk.work()
    assert {name: len(topic.published) for name, topic in desk.topics.items() if topic.published} == {"~/answer": 1}


def test_whoever_subscribes_gets_it_once_and_pictures_come_after_the_answer(desk):
    output = AnswerOutput(desk)
    for topic in desk.topics.values():
        topic.subscribers = 1
    output.publish(ANSWER, REPLY, FRAME)
    assert {name for name in (*TOLD, *DRAWN) if published(desk, name)} == set(TOLD)
    desk.work()
    assert [len(published(desk, name)) for name in (*TOLD, *DRAWN)] == [1] * 6


def test_answers_that_come_faster_than_they_are_drawn_are_drawn_once(desk):
    output = AnswerOutput(desk)
    desk.topics["~/overlay"].subscribers = desk.topics["~/mask"].subscribers = 1
    for _ in range(3):
        output.publish(ANSWER, REPLY, FRAME)
    desk.work()
    assert (len(published(desk, "mask")), len(published(desk, "overlay"))) == (3, 1)


def test_who_joins_later_sees_the_markers_begin_anew(desk):
    output = AnswerOutput(desk)
    begun = []
    for viewers in (1, 1, 2):
        desk.topics["~/markers"].subscribers = viewers
        output.publish(ANSWER, REPLY, FRAME)
        desk.work()
        begun.append(published(desk, "markers")[-1].markers[0].action == Marker.DELETEALL)
    assert begun == [True, False, True]


def test_markers_are_in_the_frame_of_the_answers_poses(desk):
    output = AnswerOutput(desk)
    desk.topics["~/markers"].subscribers = 1
    moved = PoseTransform("torso", RigidTransform(np.eye(3), np.array([0.0, 0.0, 1.0])))
    output.publish(answer_message(REPLY, FRAME, Query("?"), moved), REPLY, FRAME, moved)
    desk.work()
    box = published(desk, "markers")[0].markers[1]
    assert (box.header.frame_id, box.pose.position.z) == ("torso", pytest.approx(1.8, abs=0.01))


def test_the_topics_of_a_camera_with_a_name_lie_under_it(desk):
    output = AnswerOutput(desk, "head")
    assert set(desk.topics) == {f"~/head/{name}" for name in (*TOLD, *DRAWN)}
    output.close()
    assert not desk.topics


def test_where_a_topic_fails_none_is_advertised(desk, monkeypatch):
    advertise = desk.create_lifecycle_publisher

    def refuse(kind, name, profile, **options):
        return 1 // 0 if name == "~/markers" else advertise(kind, name, profile, **options)

    monkeypatch.setattr(desk, "create_lifecycle_publisher", refuse)
    with pytest.raises(ZeroDivisionError):
        AnswerOutput(desk)
    assert not desk.topics


def test_answers_do_not_pile_up_before_the_thread_that_draws(desk):
    output = AnswerOutput(desk)
    desk.topics["~/overlay"].subscribers = 1
    drawn = published(desk, "overlay")
    desk.topics["~/overlay"].publish = lambda message: (drawn.append(message), begin_again())

    def begin_again():  # answers that come while one is drawn
        if len(drawn) < 3:
            output.publish(ANSWER, REPLY, FRAME)
            output.publish(ANSWER, REPLY, FRAME)
        assert desk.tasks == []

    for _ in range(5):
        output.publish(ANSWER, REPLY, FRAME)
    assert len(desk.tasks) == 1
    desk.work()
    assert len(drawn) == 3
    output.publish(ANSWER, REPLY, FRAME)
    assert len(desk.tasks) == 1


def test_a_failure_to_draw_is_logged_and_not_raised(desk):
    output = AnswerOutput(desk)
    desk.topics["~/overlay"].subscribers = 1
    desk.topics["~/overlay"].publish = lambda message: 1 // 0
    output.publish(ANSWER, REPLY, FRAME)
    desk.work()
    assert "ZeroDivisionError" in desk.log[-1]


def test_without_vision_msgs_that_is_told_and_with_it_there_are_detections(desk, monkeypatch):
    AnswerOutput(desk)
    assert ["vision_msgs" in text for text in desk.log] == [True]
    package, module = ModuleType("vision_msgs"), ModuleType("vision_msgs.msg")
    for name in ("Detection2DArray", "Detection3DArray", "LabelInfo", "VisionClass"):
        setattr(module, name, type(name, (SimpleNamespace,), {}))
    package.msg = module
    monkeypatch.setitem(sys.modules, "vision_msgs", package)
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", module)
    AnswerOutput(desk, "head").publish(ANSWER, REPLY, FRAME)
    kinds = {name: topic.kind.__name__ for name, topic in desk.topics.items()}
    assert kinds["~/head/detections"] == "Detection2DArray"
    assert kinds["~/head/detections_3d"] == "Detection3DArray"
    assert desk.topics["~/head/label_info"].profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert len(published(desk, "head/label_info")) == 1


@pytest.fixture
def active(context):
    node = LifecycleNode("annexe", context=context)
    output = AnswerOutput(node, "head")
    node.on_activate(LifecycleState("inactive", 2))
    with spinning(node):
        yield output
        output.close()


def test_all_of_it_arrives_over_dds(active, peer):
    got = {}
    kinds = (InteractionAnswer, Image, MarkerArray, PointCloud2, Image, CompressedImage)
    for name, kind in zip((*TOLD, *DRAWN), kinds, strict=True):
        peer.node.create_subscription(
            kind, f"/annexe/head/{name}", lambda message, name=name: got.update({name: message}), qos.reliable()
        )

    def has_come():
        active.publish(ANSWER, REPLY, FRAME)
        return len(got) == 6

    peer.wait_until(has_come)
    assert got["answer"] == ANSWER
    for name in ("mask", "objects_cloud", "overlay", "overlay/compressed"):
        assert got[name].header == ANSWER.header
    assert got["objects_cloud"].width == np.count_nonzero(LABELS)
