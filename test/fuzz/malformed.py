"""What no working camera and no careful caller would send: messages that begin whole and are then damaged.

Fields keep to their types on the wire, since nothing else can arrive. Every property is held ``at_the_door``: an
``AnnexeError`` may come out of the code under test, nothing else, and no memory worth speaking of is taken.
"""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

from annexe_ros.action import StreamEgoQuery
from annexe_ros.core.errors import AnnexeError
from annexe_ros.srv import EgoQuery

PIXEL_BYTES = {
    "rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3, "mono16": 2, "16UC1": 2, "32FC1": 4,
}  # fmt: skip
STRANGE_ENCODINGS = ("", "RGB8", "rgb16", "bayer_rggb8", "yuv422", "nv12", "64FC4", "rgb8\0", "spam\n8", "x" * 5000)

uint32 = st.one_of(st.integers(0, 8), st.sampled_from([2**16, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
float64 = st.one_of(st.floats(), st.sampled_from([0.0, -1.0, 1e-320, 1e308, 50.0]))
stamps = st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=uint32)
headers = st.builds(Header, stamp=stamps, frame_id=st.text(max_size=8))
encodings = st.one_of(st.sampled_from(sorted(PIXEL_BYTES)), st.sampled_from(STRANGE_ENCODINGS), st.text(max_size=8))
texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Mn"]), max_size=40),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.integers(1, 2000)),
)


def whole_images(width, height, encoding):
    """Return a strategy for images that hold what they declare, of any pixels."""
    step = width * PIXEL_BYTES[encoding]
    data = st.binary(min_size=step * height, max_size=step * height)
    declared = {"width": width, "height": height, "step": step, "encoding": encoding}
    return st.builds(Image, data=data, **{name: st.just(value) for name, value in declared.items()})


@st.composite
def images(draw):
    """Draw an image that was whole until, perhaps, some of its fields were replaced."""
    encoding = draw(encodings)
    width, height, padding = draw(st.integers(1, 6)), draw(st.integers(1, 5)), draw(st.integers(0, 3))
    step = width * PIXEL_BYTES.get(encoding, 3) + padding
    data = draw(st.binary(min_size=step * height, max_size=step * height))
    whole = {"width": width, "height": height, "step": step, "encoding": encoding, "data": data}
    damage = {
        "width": uint32, "height": uint32, "step": uint32, "encoding": encodings,
        "data": st.one_of(st.binary(max_size=400), st.integers(0, len(data)).map(lambda end: data[:end])),
    }  # fmt: skip
    chosen = draw(st.sets(st.sampled_from(sorted(damage)), max_size=2))
    fields = whole | {name: draw(damage[name]) for name in sorted(chosen)}
    return Image(header=draw(headers), is_bigendian=draw(st.integers(0, 255)), **fields)


@st.composite
def compressed_images(draw):
    """Draw a small JPEG, PNG or compressedDepth of which, perhaps, bytes were changed or lost."""
    shape, ending = (draw(st.integers(1, 9)), draw(st.integers(1, 9))), draw(st.sampled_from([".jpg", ".png"]))
    if draw(st.booleans()):
        pixels = np.full((*shape, 3), draw(st.integers(0, 255)), np.uint8)
    else:
        pixels, ending = np.full(shape, draw(st.integers(0, 2**16 - 1)), np.uint16), ".png"
    header = draw(st.binary(min_size=12, max_size=12)) if draw(st.booleans()) else b""
    data = bytearray(header + cv2.imencode(ending, pixels)[1].tobytes())
    for position in draw(st.lists(st.integers(0, len(data) - 1), max_size=3)):
        data[position] = draw(st.integers(0, 255))
    end = draw(st.integers(0, len(data))) if draw(st.booleans()) else len(data)
    formats = ("jpeg", "png", "rgb8; jpeg compressed bgr8", "16UC1; compressedDepth png", "32FC1; compressedDepth", "")
    format_ = draw(st.one_of(st.sampled_from(formats), st.text(max_size=8)))
    return CompressedImage(header=draw(headers), format=format_, data=bytes(data[:end]))


@st.composite
def camera_infos(draw):
    """Draw intrinsics of a 4x3 image of which any value may be absurd."""
    info = CameraInfo(
        width=4, height=3, k=[5.0, 0.0, 1.5, 0.0, 5.0, 1.0, 0.0, 0.0, 1.0],
        p=[5.0, 0.0, 1.5, 0.0, 0.0, 5.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0], distortion_model="plumb_bob",
    )  # fmt: skip
    damage = {
        "width": uint32, "height": uint32, "binning_x": uint32, "binning_y": uint32,
        "k": st.lists(float64, min_size=9, max_size=9), "p": st.lists(float64, min_size=12, max_size=12),
        "d": st.lists(float64, max_size=15),
        "distortion_model": st.one_of(st.sampled_from(["", "rational_polynomial", "equidistant"]), st.text(max_size=8)),
        "roi": st.builds(RegionOfInterest, x_offset=uint32, y_offset=uint32, width=uint32, height=uint32),
    }  # fmt: skip
    for name in sorted(draw(st.sets(st.sampled_from(sorted(damage)), max_size=4))):
        setattr(info, name, draw(damage[name]))
    return info


def requests():
    """Return a strategy for requests of the service and goals of the action; mostly they bring a whole 4x3 image."""
    fields = {
        "query": texts,
        "camera": st.one_of(st.sampled_from(["", "head", "wrist"]), texts),
        "image": st.one_of(whole_images(4, 3, "rgb8"), images()),
        "depth": st.one_of(whole_images(4, 3, "32FC1"), images()),
        "camera_info": camera_infos(),
        "max_frame_age": st.floats(width=32),
        "target_frame": texts,
        "has_gaze": st.booleans(),
        "gaze": st.builds(Point, x=float64, y=float64, z=float64),
        "want_3d": st.booleans(),
    }  # fmt: skip
    return st.one_of(st.builds(EgoQuery.Request, **fields), st.builds(StreamEgoQuery.Goal, **fields))


@contextmanager
def at_the_door(limit_bytes: int = 2**20) -> Iterator[None]:
    """Let an ``AnnexeError`` end the block, and nothing else; at no time may so much memory be taken."""
    tracemalloc.start()
    try:
        with suppress(AnnexeError):
            yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= limit_bytes, f"{peak} bytes were taken"
