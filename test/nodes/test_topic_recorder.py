"""A recorded camera: its file holds what was sent, other readers open it, and it is played again."""

import array

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")
pytest.importorskip("mcap", reason="mcap is not installed")

from conftest import spinning
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.bag import IMAGE, Bag
from annexe_ros.data.bag_writer import BagWriter
from annexe_ros.msg import InteractionAnswer, InteractionObject
from annexe_ros.nodes.camera_replay import CameraReplay
from annexe_ros.nodes.topic_recorder import TopicRecorder
from annexe_ros.ros import qos
from annexe_ros.ros.definitions import message_definition
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros

TOPICS = {"image": "/image", "depth": "/depth", "camera_info": "/camera_info"}
ANSWER = InteractionAnswer(answer="mug", objects=[InteractionObject(label="mug", mask_value=3)])


def replay(context, **parameters):
    return CameraReplay(context=context, parameter_overrides=[Parameter(k, value=v) for k, v in parameters.items()])


@pytest.fixture
def recorded(context, peer, tmp_path):
    """Record two frames of the peer's camera and an answer that was given before; return file and headers."""
    path = tmp_path / "new" / "camera.mcap"
    answers = peer.node.create_publisher(InteractionAnswer, "/annexe/answer", qos.last_answer())
    answers.publish(ANSWER)
    recorder = TopicRecorder(path, [*TOPICS, "/annexe/answer", "/nobody/sends"], context=context)
    with spinning(recorder):
        peer.wait_until(peer.is_watched)
        headers = [peer.show(), peer.show()]
        peer.wait_until(lambda: counts(recorder) == [2, 2, 2, 1])
    return path, headers


def counts(recorder):
    return [recorder.counts.get(topic, 0) for topic in (*TOPICS.values(), "/annexe/answer")]


def test_the_file_holds_what_was_sent(recorded):
    path, headers = recorded
    bag = Bag(path, TOPICS)
    assert bag.timeline.stamps_ns == tuple(nanoseconds(header.stamp) for header in headers)
    assert [[entry.role for entry in moment] for moment in bag.moments] == [["camera_info", "depth", "image"]] * 2


def test_another_reader_opens_it_without_our_interfaces(recorded):
    rosbags = pytest.importorskip("rosbags.highlevel", reason="rosbags is not installed")
    from rosbags.typesys import Stores, get_typestore

    with rosbags.AnyReader([recorded[0]], default_typestore=get_typestore(Stores.EMPTY)) as reader:
        read = [
            (connection.topic, reader.deserialize(data, connection.msgtype))
            for connection, _, data in reader.messages()
        ]
    assert sorted({topic for topic, _ in read}) == ["/annexe/answer", *sorted(TOPICS.values())]
    answer = next(message for topic, message in read if topic == "/annexe/answer")
    assert (answer.answer, answer.objects[0].label, answer.objects[0].mask_value) == ("mug", "mug", 3)
    image = next(message for topic, message in read if topic == "/image")
    assert (image.width, image.encoding, set(image.data)) == (64, "rgb8", {90})


def test_it_is_played_as_it_was_recorded(recorded, context, peer):
    path, headers = recorded
    kinds = {"image": Image, "depth": Image, "camera_info": CameraInfo}
    seen = {topic: [] for topic in TOPICS}
    for topic, kind in kinds.items():
        peer.node.create_subscription(kind, f"again/{topic}", seen[topic].append, qos.sensor())
    remapped = [word for topic in TOPICS for word in ("-r", f"{topic}:=again/{topic}")]
    options = {"recording": str(path), "restamp": False}
    overrides = [Parameter(name, value=value) for name, value in options.items()]
    node = CameraReplay(context=context, parameter_overrides=overrides, cli_args=["--ros-args", *remapped])
    with spinning(node):
        peer.wait_until(lambda: all(seen.values()))
    bag = Bag(path, TOPICS)
    originals = {role: deserialize_message(data, kinds[role]) for role, data in bag.read(bag.moments[0])}
    first = {topic: messages[0] for topic, messages in seen.items()}
    for message in first.values():
        assert message.header.frame_id == "head_camera"
        message.header = headers[0]
    assert first == originals


def test_compressed_images_keep_their_topics(context, peer, tmp_path):
    sent = CompressedImage(
        format="png", data=array.array("B", cv2.imencode(".png", np.eye(4, dtype=np.uint8))[1].tobytes())
    )
    sent.header.stamp.sec = 5
    kind = "sensor_msgs/msg/CompressedImage"
    writer = BagWriter(tmp_path / "a.mcap")
    writer.add(writer.add_topic("/front/rgb/compressed", kind, message_definition(kind)), serialize_message(sent), 1)
    writer.close()
    seen = []
    peer.node.create_subscription(CompressedImage, "image/compressed", seen.append, qos.sensor())
    with spinning(replay(context, recording=str(tmp_path), image_topic="/front/rgb/compressed", frame_id="front")):
        peer.wait_until(lambda: seen)
    assert (seen[0].format, seen[0].data, seen[0].header.frame_id) == ("png", sent.data, "front")
    assert seen[0].header.stamp.sec > 5


def test_a_topic_is_remapped_once(context, peer, tmp_path):
    rules = ["-r", "image:=/depth", "-r", "depth:=/image"]
    recorder = TopicRecorder(tmp_path / "a.mcap", ["image"], context=context, cli_args=["--ros-args", *rules])
    with spinning(recorder):
        peer.wait_until(lambda: peer.show() and recorder.counts)
    assert list(recorder.counts) == ["/depth"]
    bag = Bag(tmp_path / "a.mcap", {"image": "/depth"})
    assert deserialize_message(dict(bag.read(bag.moments[0]))["image"], Image).encoding == "16UC1"


def test_a_bag_without_images_is_refused(context, tmp_path):
    writer = BagWriter(tmp_path / "a.mcap")
    writer.add_topic("/depth", IMAGE, "")
    writer.close()
    with pytest.raises(DatasetFormatError, match="no topic '/image'; it has images on /depth"):
        replay(context, recording=str(tmp_path / "a.mcap"))
