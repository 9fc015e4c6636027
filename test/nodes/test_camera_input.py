"""Subscriptions of a camera over real DDS: transports, remapped topics, and publishers that can't be heard."""

import struct

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

import rclpy
from conftest import CAMERA, spinning
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from annexe_ros.core.errors import BadImageError, NoFrameError
from annexe_ros.inference import Mailbox
from annexe_ros.nodes.camera_input import CameraInput
from annexe_ros.ros.camera_info import camera_info_message

pytestmark = pytest.mark.ros

PAIRING = {"slop_s": 0.03, "queue_size": 10, "rectified": False}


@pytest.fixture
def node(context):
    with spinning(rclpy.create_node("watcher", context=context)) as node:
        yield node


def topics_of(node):
    """Return what the node listens to, by topic."""
    listened = node.get_subscriber_names_and_types_by_node(node.get_name(), node.get_namespace())
    return {topic: kinds[0].rpartition("/")[2] for topic, kinds in listened if "image" in topic or "depth" in topic}


def listened(node):
    """Return the topics of the node's subscriptions to images, in the order of subscribing."""
    kinds = (Image, CompressedImage)
    return [subscription.topic_name for subscription in node.subscriptions if subscription.msg_type in kinds]


def test_compressed_images_make_frames(node, peer):
    camera = CameraInput(node, Mailbox(""), image_transport="compressed", depth_transport="compressedDepth", **PAIRING)
    jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    png = cv2.imencode(".png", np.full((48, 64), 800, np.uint16))[1].tobytes()
    image = peer.node.create_publisher(CompressedImage, "image/compressed", 10)
    depth = peer.node.create_publisher(CompressedImage, "depth/compressedDepth", 10)
    info = peer.node.create_publisher(CameraInfo, "camera_info", 10)

    def paired():
        header = peer.header()
        info.publish(camera_info_message(CAMERA, header))
        depth.publish(
            CompressedImage(header=header, format="16UC1; compressedDepth png", data=struct.pack("<iff", 0, 0, 0) + png)
        )
        image.publish(CompressedImage(header=header, format="rgb8; jpeg compressed bgr8", data=jpeg))
        return camera.statistics.paired

    peer.wait_until(paired)
    frame = camera.frame(max_age_s=30.0)
    assert (frame.image.shape, frame.camera, frame.depth[5, 5]) == ((48, 64, 3), CAMERA, pytest.approx(0.8))
    assert camera.qos_mismatches == ()


@pytest.mark.parametrize(("name", "prefix"), [("", "/"), ("head", "/head/")])
def test_topics_lie_where_the_transports_put_them(name, prefix, node, peer):
    camera = CameraInput(node, Mailbox(name), name, depth_transport="compressedDepth", **PAIRING)
    expected = {f"{prefix}image": "Image", f"{prefix}depth/compressedDepth": "CompressedImage"}
    peer.wait_until(lambda: topics_of(node) == expected)
    camera.close()
    peer.wait_until(lambda: topics_of(node) == {})


def test_remapping_the_raw_topic_remaps_the_compressed_one(context, peer):
    remapped = ["--ros-args", "-r", "image:=/camera/color/image_raw"]
    with spinning(rclpy.create_node("watcher", context=context, cli_args=remapped)) as node:
        CameraInput(node, Mailbox(""), image_transport="compressed", **PAIRING)
        expected = {"/camera/color/image_raw/compressed": "CompressedImage", "/depth": "Image"}
        peer.wait_until(lambda: topics_of(node) == expected)


@pytest.mark.parametrize("with_depth", [False, True])
def test_a_camera_that_sets_no_stamps_is_told_of(with_depth, node, peer):
    camera = CameraInput(node, Mailbox(""), **PAIRING)
    kinds = {"image": Image, "depth": Image, "camera_info": CameraInfo} if with_depth else {"image": Image}
    publishers = {name: peer.node.create_publisher(kind, name, 10) for name, kind in kinds.items()}

    def arrived():
        for name, publisher in publishers.items():
            publisher.publish(kinds[name]())
        return camera.statistics.paired if with_depth else camera.statistics.received

    with pytest.raises(NoFrameError):
        camera.frame(max_age_s=30.0)
    peer.wait_until(arrived)
    with pytest.raises(BadImageError, match="the camera's images have no time stamps"):
        camera.frame(max_age_s=30.0)


SWAPPED = [("head/image", "/wrist/image"), ("wrist/image", "/head/image")]


@pytest.mark.parametrize(
    ("transport", "remapped", "expected"),
    [
        ("raw", SWAPPED, "/wrist/image"),
        ("compressed", SWAPPED, "/wrist/image/compressed"),
        ("compressed", [(f"{a}/compressed", f"{b}/compressed") for a, b in SWAPPED], "/wrist/image/compressed"),
        ("compressed", [("head/image/compressed", "/jpeg"), ("head/image", "/front")], "/jpeg"),
    ],
)
def test_a_topic_is_remapped_once(transport, remapped, expected, context):
    rules = [word for old, new in remapped for word in ("-r", f"{old}:={new}")]
    with spinning(rclpy.create_node("watcher", context=context, cli_args=["--ros-args", *rules])) as node:
        CameraInput(node, Mailbox("head"), "head", image_transport=transport, **PAIRING)
        assert listened(node) == [expected, "/head/depth"]


def test_where_a_topic_fails_none_is_listened_to(context):
    wrong = Parameter("qos_overrides./depth.subscription.reliability", value="best-effort")
    node = rclpy.create_node("watcher", context=context, parameter_overrides=[wrong])
    with pytest.raises(RuntimeError, match="best-effort"):
        CameraInput(node, Mailbox(""), **PAIRING)
    assert list(node.subscriptions) == []
    node.destroy_node()


def test_a_publisher_that_cannot_be_heard_is_told(context, peer):
    reliable = Parameter("qos_overrides./image.subscription.reliability", value="reliable")
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    node = rclpy.create_node("watcher", context=context, parameter_overrides=[reliable])
    warnings = []
    node.get_logger = lambda: type("Logger", (), {"warning": staticmethod(warnings.append)})
    with spinning(node):
        camera = CameraInput(node, Mailbox(""), **PAIRING)
        peer.node.create_publisher(Image, "lonely", best_effort)
        peer.node.create_publisher(Image, "image", best_effort)
        peer.wait_until(lambda: camera.qos_mismatches)
    assert camera.qos_mismatches[0].startswith("/image (reliability, ")
    assert "'/image'" in warnings[0]
    assert "another reliability" in warnings[0]
