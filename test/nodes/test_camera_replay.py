import itertools

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from conftest import spinning
from plain_clips import write_plain_clips
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from annexe_ros.core import PinholeCamera
from annexe_ros.core.calibration import camera_from_message
from annexe_ros.core.errors import DatasetFormatError, ParameterError
from annexe_ros.data.recording import write_index
from annexe_ros.nodes.camera_replay import CameraReplay
from annexe_ros.ros.images import MessageDepth, colour_from_message
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros

CAMERA = PinholeCamera(16, 12, 10.0, 10.0, 7.5, 5.5)


@pytest.fixture
def recording(tmp_path):
    """Three frames 50 ms apart, each of one grey; depth 1 m."""
    for folder in ("RGB", "depth"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "RGB" / f"{number}.jpg"), np.full((12, 16, 3), 100 * number, np.uint8))
        cv2.imwrite(str(tmp_path / "depth" / f"{number}.png"), np.full((12, 16), 1000, np.uint16))
    write_index(tmp_path, "head_camera", CAMERA, {str(number): number * 50_000_000 for number in range(3)})
    return tmp_path


def replay(context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return CameraReplay(context=context, parameter_overrides=overrides)


@pytest.fixture
def seen(peer):
    seen = {"image": [], "depth": [], "camera_info": []}
    patient = QoSProfile(depth=1000, reliability=ReliabilityPolicy.BEST_EFFORT)
    for topic, messages in seen.items():
        kind = CameraInfo if topic == "camera_info" else Image
        peer.node.create_subscription(kind, topic, messages.append, patient)
    return seen


def test_a_recording_is_played_in_a_loop(context, peer, seen, recording):
    with spinning(replay(context, recording=str(recording), frame_id="wrist_camera")):
        peer.wait_until(lambda: min(map(len, seen.values())) >= 5)
    greys = [round(colour_from_message(message).mean() / 100) for message in seen["image"]]
    following = {(0, 1), (1, 2), (2, 0)}
    assert set(itertools.pairwise(greys)) <= following
    assert MessageDepth(seen["depth"][0])().mean() == 1.0
    assert camera_from_message(seen["camera_info"][0]) == CAMERA
    assert {message.header.frame_id for messages in seen.values() for message in messages} == {"wrist_camera"}
    age_ns = peer.node.get_clock().now().nanoseconds - nanoseconds(seen["image"][-1].header.stamp)
    assert 0 <= age_ns < 30e9


def test_recorded_stamps_rise_over_the_loop(context, peer, seen, recording):
    with spinning(replay(context, recording=str(recording), restamp=False, rate=2.0, reliability="best_effort")):
        peer.wait_until(lambda: len(seen["image"]) >= 5)
    stamps = [nanoseconds(message.header.stamp) for message in seen["image"]]
    assert stamps == sorted(stamps)
    assert all(stamp % 50_000_000 == 0 for stamp in stamps)


def test_clips_are_played_as_images_alone(context, peer, seen, tmp_path):
    write_plain_clips(tmp_path, {"a": 50}, frames=16)
    with spinning(replay(context, recording=str(tmp_path), rate=4.0)):
        peer.wait_until(lambda: len(seen["image"]) >= 3)
    assert colour_from_message(seen["image"][0]).shape == (16, 16, 3)
    assert not seen["depth"]
    assert not seen["camera_info"]


def test_it_plays_at_its_own_pace_where_simulated_time_stands_still(context, peer, seen, recording):
    with spinning(replay(context, recording=str(recording), use_sim_time=True)):
        peer.wait_until(lambda: len(seen["image"]) >= 3)


def test_without_a_loop_the_node_ends(context, recording):
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(replay(context, recording=str(recording), loop=False, rate=100.0))
    executor.spin()
    assert not context.ok()


def test_a_missing_recording_is_refused(context, tmp_path):
    with pytest.raises(DatasetFormatError, match="neither a recording nor a folder of scenes"):
        replay(context, recording=str(tmp_path))


def test_a_wrong_parameter_is_refused(context, recording):
    with pytest.raises(ParameterError, match="'reliability' must be one of reliable, best_effort, not 'sometimes'"):
        replay(context, recording=str(recording), reliability="sometimes")
