"""A video with its gaze goes out as a camera's topics: each frame once, gaze in pixels or NaN; wrong files refused."""

import math

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from conftest import spinning
from geometry_msgs.msg import PointStamped
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image

from annexe_ros.core.calibration import camera_from_message
from annexe_ros.core.errors import DatasetFormatError, ParameterError
from annexe_ros.data.film_file import FilmFile
from annexe_ros.nodes.egoexolearn_replay import EgoExoLearnReplay, pinhole
from annexe_ros.ros.images import colour_from_message
from annexe_ros.ros.stamps import nanoseconds

pytestmark = pytest.mark.ros

SIDE, FRAMES, RATE_HZ = 64, 10, 25.0


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Ten frames, each brighter than the one before."""
    path = tmp_path_factory.mktemp("egoexolearn") / "uid.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE_HZ, (SIDE, SIDE))
    for number in range(FRAMES):
        writer.write(np.full((SIDE, SIDE, 3), 20 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope="module")
def gaze(video):
    """Normalised points that go to the right; two of them are unknown."""
    points = np.stack([np.linspace(0.1, 0.9, FRAMES), np.full(FRAMES, 0.5)], axis=1)
    points[3:5] = np.nan
    path = video.with_suffix(".npy")
    np.save(path, points)
    return path


def replay(context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return EgoExoLearnReplay(context=context, parameter_overrides=overrides)


@pytest.fixture
def seen(peer):
    seen = {"image": [], "camera_info": [], "gaze": []}
    kinds = {"image": Image, "camera_info": CameraInfo, "gaze": PointStamped}
    for topic, messages in seen.items():
        peer.node.create_subscription(kinds[topic], topic, messages.append, QoSProfile(depth=1000))
    return seen


def test_frames_and_gaze_belong_together(context, peer, seen, video, gaze):
    with spinning(replay(context, video=str(video), gaze=str(gaze), restamp=False, rate=2.0, horizontal_fov=90.0)):
        peer.wait_until(lambda: min(map(len, seen.values())) >= FRAMES + 2)
    period_ns = round(1e9 / RATE_HZ)
    shown = {nanoseconds(message.header.stamp): colour_from_message(message).mean() for message in seen["image"]}
    looked = {nanoseconds(message.header.stamp): message.point for message in seen["gaze"]}
    numbers = {stamp: round(stamp / period_ns) % FRAMES for stamp in shown.keys() & looked.keys()}
    assert len(set(numbers.values())) == FRAMES
    for stamp, number in numbers.items():
        assert shown[stamp] == pytest.approx(20 * number, abs=8)
        if number in (3, 4):
            assert math.isnan(looked[stamp].x)
        else:
            assert looked[stamp].x == pytest.approx(SIDE * np.linspace(0.1, 0.9, FRAMES)[number])
            assert looked[stamp].y == SIDE / 2
    assert camera_from_message(seen["camera_info"][0]) == pinhole(SIDE, SIDE, 90.0)


def test_without_a_gaze_file_there_is_no_gaze(context, peer, seen, video):
    with spinning(replay(context, video=str(video), rate=4.0)):
        peer.wait_until(lambda: len(seen["image"]) >= 3)
        assert not peer.node.get_publishers_info_by_topic("/gaze")
    assert not seen["gaze"]


def test_the_pinhole_has_the_field_of_view():
    camera = pinhole(100, 50, 90.0)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (pytest.approx(50.0), pytest.approx(50.0), 49.5, 24.5)


def test_frames_come_in_any_order(video):
    film = FilmFile(video)
    assert (film.count, film.rate_hz, film.width, film.height) == (FRAMES, RATE_HZ, SIDE, SIDE)
    assert [round(film.frame(index).mean() / 20) for index in (7, 8, 2, 0)] == [7, 8, 2, 0]
    with pytest.raises(DatasetFormatError, match=f"has no frame {FRAMES}"):
        film.frame(FRAMES)
    film.close()


def test_what_cant_be_played_is_refused(context, video, gaze, tmp_path):
    text = tmp_path / "video.mp4"
    text.write_text("not a film")
    with pytest.raises(DatasetFormatError, match="is no video that can be read"):
        replay(context, video=str(text))
    with pytest.raises(ParameterError, match="'video' names no file"):
        replay(context)
    np.save(tmp_path / "short.npy", np.zeros((2, 2)))
    with pytest.raises(DatasetFormatError, match=f"has 2 rows for a video of {FRAMES} frames"):
        replay(context, video=str(video), gaze=str(tmp_path / "short.npy"))
