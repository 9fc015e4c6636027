import cv2
import numpy as np
import pytest

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from annexe_ros.core import Frame
from annexe_ros.ros.images import colour_from_message
from annexe_ros.ros.overlays import compressed_overlay_message, overlay_message

pytestmark = pytest.mark.ros

FRAME = Frame(np.zeros((4, 6, 3), np.uint8), stamp_ns=7_000_000_000, frame_id="camera")
PICTURE = np.zeros((64, 96, 3), np.uint8)
PICTURE[:, :48] = (200, 60, 20)


def test_the_picture_is_sent_as_it_is():
    message = overlay_message(PICTURE, FRAME)
    assert (message.header.frame_id, message.header.stamp.sec) == ("camera", 7)
    np.testing.assert_array_equal(colour_from_message(message), PICTURE)


def test_the_jpeg_shows_the_same_colours():
    message = compressed_overlay_message(PICTURE, FRAME)
    assert message.header == overlay_message(PICTURE, FRAME).header
    assert "jpeg" in message.format
    decoded = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    np.testing.assert_allclose(decoded[32, [20, 80]], PICTURE[32, [20, 80]], atol=3)
    assert len(message.data) < PICTURE.size / 10
