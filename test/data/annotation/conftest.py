"""Small recordings of every kind that can be annotated, made for each test."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from annotated import CAMERA, picture

from annexe_ros.data.annotation.bag_frames import typestore
from annexe_ros.data.bag_writer import BagWriter
from annexe_ros.data.recording import write_index


@pytest.fixture
def images(tmp_path):
    """A folder of three images, the second of which is broken."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"view_{number}.png"), picture(number))
    (folder / "view_1.png").write_bytes((folder / "view_1.png").read_bytes()[:60])
    return folder


@pytest.fixture
def recording(tmp_path):
    """A recording of ours with depth and intrinsics."""
    root = tmp_path / "recording"
    for folder in ("RGB", "depth"):
        (root / folder).mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(root / "RGB" / f"v{number}.jpg"), picture(number))
        cv2.imwrite(str(root / "depth" / f"v{number}.png"), np.full((48, 64), 600, np.uint16))
    write_index(root, "head_camera", CAMERA, {f"v{number}": number * 100 for number in range(3)})
    return root


def header(types, stamp_ns):
    stamp = types.types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return types.types["std_msgs/msg/Header"](stamp=stamp, frame_id="head_camera")


def image_message(types, stamp_ns, pixels, encoding, padding=0):
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    return types.types["sensor_msgs/msg/Image"](
        header(types, stamp_ns), *pixels.shape[:2], encoding, 0, rows.shape[1], rows.ravel()
    )


def camera_message(types, stamp_ns, model="plumb_bob", coefficients=(0.0,) * 5):
    k = np.array([60.0, 0, 31.5, 0, 60.0, 23.5, 0, 0, 1])
    roi = types.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return types.types["sensor_msgs/msg/CameraInfo"](
        header(types, stamp_ns), 48, 64, model, np.array(coefficients), k, np.eye(3).ravel(), np.zeros(12), 0, 0, roi
    )


class Bagging:
    """Writes messages of ROS 2 Jazzy into an MCAP file."""

    def __init__(self, path):
        self.types, self._writer, self._numbers = typestore(), BagWriter(path), {}

    def add(self, topic, message, stamp_ns, cut=0):
        """Append a message, without its last ``cut`` bytes."""
        kind = message.__msgtype__
        if topic not in self._numbers:
            definition = self.types.generate_msgdef(kind, ros_version=2)[0]
            self._numbers[topic] = self._writer.add_topic(topic, kind, definition)
        data = bytes(self.types.serialize_cdr(message, kind))
        self._writer.add(self._numbers[topic], data[: len(data) - cut], stamp_ns)

    def close(self):
        self._writer.close()


@pytest.fixture
def bag(tmp_path):
    """A bag of three images with depth; camera_info came once, and the third image says more than it has."""
    path = tmp_path / "run.mcap"
    bagging = Bagging(path)
    types = bagging.types
    bagging.add("/camera_info", camera_message(types, 1_000), 1_000)
    for number in range(3):
        stamp_ns = 1_000 + number
        message = image_message(types, stamp_ns, picture(number)[..., ::-1], "rgb8", padding=3)
        message.height += 50 * (number == 2)
        bagging.add("/image", message, stamp_ns)
        bagging.add("/depth", image_message(types, stamp_ns, np.full((48, 64), 600, np.uint16), "16UC1"), stamp_ns)
    bagging.close()
    return path


@pytest.fixture
def odd_bag(tmp_path):
    """A bag of three images: one whose message is cut off, one of a long D (distorted), one of a fisheye lens."""
    path = tmp_path / "odd.mcap"
    bagging = Bagging(path)
    lenses = ("plumb_bob", ()), ("plumb_bob", (0.1, *(0.0,) * 11)), ("equidistant", (0.1,) * 4)
    for stamp_ns, lens in enumerate(lenses, start=1_000):
        bagging.add("/camera_info", camera_message(bagging.types, stamp_ns, *lens), stamp_ns)
        message = image_message(bagging.types, stamp_ns, picture(0)[..., ::-1], "rgb8")
        bagging.add("/image", message, stamp_ns, cut=9 * (stamp_ns == 1_000))
    bagging.close()
    return path


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(4):
        writer.write(picture(number))
    writer.release()
    return path
