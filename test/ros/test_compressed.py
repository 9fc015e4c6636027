"""Compressed messages as image_transport's plugins write them, and as they arrive when something went wrong."""

import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")

from sensor_msgs.msg import CompressedImage

from annexe_ros.core.errors import BadImageError
from annexe_ros.ros.compressed import colour_from_compressed, depth_from_compressed

pytestmark = pytest.mark.ros

RGB = np.zeros((24, 40, 3), np.uint8)
RGB[:, :20] = (200, 40, 90)
MILLIMETRES = np.array([[0, 1, 1500], [65535, 800, 0]], np.uint16)


def encoded(pixels, ending, *options):
    return cv2.imencode(ending, pixels, options)[1].tobytes()


JPEG = encoded(RGB[..., ::-1], ".jpg")
PNG = encoded(RGB[..., ::-1], ".png")
DEPTH_PNG = encoded(MILLIMETRES, ".png")


def message(data, format_="jpeg"):
    return CompressedImage(format=format_, data=data)


def depth_message(pixels, encoding="16UC1", a=0.0, b=0.0, codec="; compressedDepth png"):
    """Write what compressed_depth_image_transport's codec.cpp does."""
    return message(struct.pack("<iff", 0, a, b) + encoded(pixels, ".png"), encoding + codec)


@pytest.mark.parametrize("format_", ["rgb8; jpeg compressed bgr8", "jpeg", "jpg", ""])
def test_jpeg_is_read(format_):
    pixels = colour_from_compressed(message(JPEG, format_))
    assert (pixels.shape, pixels.dtype, pixels.flags.c_contiguous) == (RGB.shape, np.uint8, True)
    assert np.abs(pixels[:, :16].astype(int) - RGB[:, :16]).max() < 12


@pytest.mark.parametrize("format_", ["bgr8; png compressed ", "rgb8; png compressed bgr8", "png"])
def test_png_is_read_without_loss(format_):
    np.testing.assert_array_equal(colour_from_compressed(message(PNG, format_)), RGB)


@given(arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_any_colours_survive_png(pixels):
    np.testing.assert_array_equal(colour_from_compressed(message(encoded(pixels[..., ::-1], ".png"))), pixels)


@pytest.mark.parametrize(
    "data",
    [
        encoded(RGB[..., 0], ".jpg"),
        encoded(RGB[..., 0], ".png"),
        encoded(RGB[..., ::-1], ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encoded(RGB[..., ::-1], ".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        encoded(np.dstack([RGB, RGB[..., :1]]), ".png"),
        encoded(RGB.astype(np.uint16) * 257, ".png"),
        JPEG + bytes(8),
        JPEG[:2] + b"\xff" + JPEG[2:],
    ],
    ids=["grey jpeg", "grey png", "progressive", "restarts", "alpha", "16 bits", "padded", "fill byte"],
)
def test_what_encoders_do_besides_is_read(data):
    assert colour_from_compressed(message(data)).shape == RGB.shape


def test_the_image_is_never_turned():
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + JPEG[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (40, 24, 3)
    assert colour_from_compressed(message(turned)).shape == RGB.shape


@pytest.mark.parametrize("codec", ["; compressedDepth png", "; compressedDepth", ""])
def test_depth_in_millimetres_is_read(codec):
    depth = depth_from_compressed(depth_message(MILLIMETRES, codec=codec))
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, [[np.nan, 0.001, 1.5], [65.535, 0.8, np.nan]], rtol=1e-6)


@given(arrays(np.float32, (3, 4), elements=st.floats(0.25, 9.0, width=32)))
def test_depth_in_metres_is_read_as_exactly_as_it_was_written(metres):
    quantisation, largest = 100.0, 10.0  # compressed_depth_image_transport's defaults
    a = quantisation * (quantisation + 1)
    b = 1 - a / largest
    written = (a / metres + b).astype(np.uint16)
    written[0, 0] = 0
    depth = depth_from_compressed(depth_message(written, "32FC1", a, b))
    assert np.isnan(depth[0, 0])
    known = np.arange(12).reshape(3, 4) > 0
    np.testing.assert_array_less(np.abs(depth - metres)[known], 1.01 * metres[known] ** 2 / a + 1e-6)


@pytest.mark.parametrize(("a", "b"), [(np.nan, 0.0), (0.0, 0.0), (np.inf, 1.0), (1.0, 1500.0), (-1.0, 0.0)])
def test_damaged_quantisation_gives_no_depth_but_positive_metres(a, b):
    depth = depth_from_compressed(depth_message(MILLIMETRES, "32FC1", a, b))
    assert not (depth <= 0).any()
    assert not np.isinf(depth).any()


@pytest.mark.parametrize(
    "format_", ["16UC1; compressedDepth rvl", "16UC1; png compressed ", "mono8; compressedDepth png", "jpeg", ""]
)
def test_other_depth_is_refused_by_name(format_):
    with pytest.raises(BadImageError, match=f"'{format_}' can't be read; known: 16UC1 and 32FC1"):
        depth_from_compressed(message(bytes(12) + DEPTH_PNG, format_))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        bytes(12),
        DEPTH_PNG,
        bytes(12) + JPEG,
        bytes(12) + encoded(RGB, ".png"),
        bytes(12) + DEPTH_PNG[:40],
    ],
    ids=["nothing", "short", "header alone", "no header", "jpeg", "8 bits", "half"],
)
def test_damaged_depth_is_refused(data):
    with pytest.raises(BadImageError, match="the compressed"):
        depth_from_compressed(message(data, "16UC1; compressedDepth png"))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(99), bytes(12) + DEPTH_PNG])
def test_what_is_no_jpeg_or_png_is_refused_by_its_format(data):
    with pytest.raises(BadImageError, match=rf"'rgb8; tiff compressed bgr8', {len(data)} bytes\) is no whole"):
        colour_from_compressed(message(data, "rgb8; tiff compressed bgr8"))


@pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
@given(data=st.data())
def test_half_a_file_is_refused(whole, data):
    with pytest.raises(BadImageError):
        colour_from_compressed(message(whole[: data.draw(st.integers(0, len(whole) - 1))]))


@pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_else(whole, data):
    damaged = bytearray(whole)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        damaged[at] = value
    with suppress(BadImageError):
        assert colour_from_compressed(message(damaged)).shape[2] == 3


def with_size(data, width, height):
    if data is PNG or data is DEPTH_PNG:
        return data[:16] + struct.pack(">II", width, height) + data[24:]
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_bomb_is_refused_before_it_is_decoded(data, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(BadImageError, match="declares 60000x50000 pixels, the limit is 64 megapixels"):
        colour_from_compressed(message(with_size(data, 60000, 50000)))
    with pytest.raises(BadImageError, match="empty"):
        colour_from_compressed(message(with_size(data, 40, 0)))


def test_a_depth_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(BadImageError, match="declares 60000x50000 pixels"):
        depth_from_compressed(message(bytes(12) + with_size(DEPTH_PNG, 60000, 50000), "16UC1; compressedDepth png"))
