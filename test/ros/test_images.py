import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from annexe_ros.core.errors import BadImageError
from annexe_ros.ros import images
from annexe_ros.ros.images import (
    MessageDepth,
    colour_from_message,
    depth_message,
    image_message,
    pixels_from_message,
)

pytestmark = pytest.mark.ros

DTYPES = {"rgb8": np.uint8, "bgra8": np.uint8, "mono8": np.uint8, "mono16": np.uint16, "32FC1": np.float32}
CHANNELS = {"rgb8": 3, "bgra8": 4}


@st.composite
def pixels(draw, encoding):
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    shape = (height, width, CHANNELS[encoding]) if encoding in CHANNELS else (height, width)
    return draw(arrays(DTYPES[encoding], shape))


def in_message(data, encoding, padding=0, big_endian=False):
    """Lay pixels out by hand: rows padded to a longer step, bytes swapped for the other endianness."""
    if big_endian:
        data = data.astype(data.dtype.newbyteorder(">"))
    rows = [row.tobytes() + b"\x7f" * padding for row in data]
    return Image(
        height=data.shape[0],
        width=data.shape[1],
        encoding=encoding,
        is_bigendian=big_endian,
        step=len(rows[0]),
        data=b"".join(rows),
    )


@pytest.mark.parametrize("encoding", DTYPES)
@given(data=st.data())
def test_pixels_survive_the_way_out_and_in(encoding, data):
    array = data.draw(pixels(encoding))
    message = image_message(array, encoding, Header(frame_id="camera"))
    assert (message.step * message.height, message.header.frame_id) == (len(message.data), "camera")
    np.testing.assert_array_equal(pixels_from_message(message), array)


@pytest.mark.parametrize("encoding", DTYPES)
@given(data=st.data(), padding=st.integers(0, 5), big_endian=st.booleans())
def test_step_and_endianness_are_honoured(encoding, data, padding, big_endian):
    array = data.draw(pixels(encoding))
    np.testing.assert_array_equal(pixels_from_message(in_message(array, encoding, padding, big_endian)), array)


def test_big_endian_pixels_are_declared_as_such():
    array = np.array([[1, 258]], dtype=">u2")
    message = image_message(array, "mono16", Header())
    assert message.is_bigendian == 1
    np.testing.assert_array_equal(pixels_from_message(message), array)
    assert image_message(array.astype("=u2"), "mono16", Header()).is_bigendian == (sys.byteorder == "big")


@pytest.mark.parametrize(
    ("encoding", "pixel"),
    [
        ("rgb8", (10, 20, 30)),
        ("bgr8", (30, 20, 10)),
        ("8UC3", (30, 20, 10)),
        ("rgba8", (10, 20, 30, 99)),
        ("bgra8", (30, 20, 10, 99)),
    ],
)
def test_colours_come_in_as_rgb(encoding, pixel):
    image = colour_from_message(in_message(np.full((2, 3, len(pixel)), pixel, np.uint8), encoding, padding=1))
    assert image.shape == (2, 3, 3)
    assert (image == (10, 20, 30)).all()


@pytest.mark.parametrize(("encoding", "value"), [("mono8", np.uint8(77)), ("mono16", np.uint16(77 * 256 + 5))])
def test_grey_becomes_grey_colour(encoding, value):
    image = colour_from_message(in_message(np.full((2, 3), value), encoding))
    assert image.dtype == np.uint8
    assert (image == 77).all()


def test_rgb_is_not_copied():
    message = in_message(np.zeros((4, 5, 3), np.uint8), "rgb8")
    image = colour_from_message(message)
    message.data[0] = 200
    assert image[0, 0, 0] == 200


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("encoding", ["16UC1", "mono16"])
def test_millimetres_become_metres(encoding, big_endian):
    depth = MessageDepth(in_message(np.array([[0, 1500]], np.uint16), encoding, big_endian=big_endian))()
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, [[np.nan, 1.5]])


def test_what_is_no_distance_is_unknown():
    raw = np.array([[0.0, -1.0, np.inf, np.nan, 0.25]], np.float32)
    np.testing.assert_array_equal(MessageDepth(in_message(raw, "32FC1"))(), [[np.nan] * 4 + [0.25]])


@given(arrays(np.uint16, (3, 4)))
def test_depth_survives_the_way_out_and_in(millimetres):
    metres = np.where(millimetres > 0, millimetres / 1000, np.nan).astype(np.float32)
    message = depth_message(metres, Header())
    np.testing.assert_array_equal(pixels_from_message(message), millimetres)
    np.testing.assert_allclose(MessageDepth(message)(), metres, rtol=1e-6)


def test_depth_out_of_range_is_sent_as_unknown():
    depth = np.array([[np.nan, np.inf, -1.0, 70.0, 0.0001, 1.0]], np.float32)
    np.testing.assert_array_equal(pixels_from_message(depth_message(depth, Header())), [[0, 0, 0, 0, 0, 1000]])


def changed(**changes):
    message = in_message(np.zeros((2, 3, 3), np.uint8), "rgb8")
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (changed(encoding="spam8"), "unknown colour encoding 'spam8'; known: rgb8"),
        (changed(data=b"\0" * 17), r"data has 17 bytes; step \* height = 9 \* 2 = 18"),
        (changed(step=8), "step is 8 bytes; 3 pixels of rgb8 need 9"),
        (changed(width=0, step=0), "empty .0x2 pixels"),
        (changed(height=0), "empty .3x0 pixels"),
        (changed(width=2**31, height=2**31, step=2**32 - 1), "limit is 64 megapixels"),
        (Image(), "unknown colour encoding ''"),
    ],
)
def test_a_damaged_image_is_refused_in_one_sentence(message, sentence):
    with pytest.raises(BadImageError, match=sentence):
        colour_from_message(message)


def test_a_colour_image_is_no_depth_image():
    with pytest.raises(BadImageError, match="unknown depth encoding 'rgb8'; known: 16UC1"):
        MessageDepth(changed())


def test_a_rare_encoding_asks_for_cv_bridge(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv_bridge", None)
    with pytest.raises(BadImageError, match="'bayer_rggb8' needs cv_bridge, which is not installed"):
        colour_from_message(changed(encoding="bayer_rggb8"))


class StandInBridge:
    """cv_bridge's API as far as it is used: paints the image or refuses it."""

    CvBridgeError = ValueError

    @staticmethod
    def CvBridge():
        return StandInBridge

    @staticmethod
    def imgmsg_to_cv2(message, encoding):
        if message.encoding == "yuv_broken":
            raise ValueError("no conversion")
        return np.full((message.height, message.width, 3), 5, np.uint8)


def test_cv_bridge_reads_rare_encodings_where_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv_bridge", StandInBridge)
    assert (colour_from_message(changed(encoding="bayer_rggb8")) == 5).all()
    with pytest.raises(BadImageError, match="cv_bridge can't read encoding 'yuv_broken': no conversion"):
        colour_from_message(changed(encoding="yuv_broken"))


@given(
    encoding=st.sampled_from([*images._LAYOUTS, "yuv422", "", "x" * 300]),
    height=st.integers(0, 2**32 - 1) | st.integers(0, 4),
    width=st.integers(0, 2**32 - 1) | st.integers(0, 4),
    step=st.integers(0, 2**32 - 1) | st.integers(0, 40),
    big_endian=st.integers(0, 255),
    data=st.binary(max_size=64),
)
def test_any_message_is_an_image_or_refused(encoding, height, width, step, big_endian, data):
    message = Image(encoding=encoding, height=height, width=width, step=step, is_bigendian=big_endian, data=data)
    for convert, dimensions in ((colour_from_message, 3), (lambda message: MessageDepth(message)(), 2)):
        with suppress(BadImageError):
            assert convert(message).ndim == dimensions
