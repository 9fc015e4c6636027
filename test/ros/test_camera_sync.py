"""Pairing without a graph: messages are handed over as subscriptions would."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="rclpy is not installed")

from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import BadImageError
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.camera_statistics import MAX_WAITING, CameraStatistics
from annexe_ros.ros.camera_sync import PATIENCE_NS, CameraImages, CameraSync
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.ros.stamps import stamp_message

pytestmark = pytest.mark.ros

MS = 1_000_000
SLOP_S = 0.03


def header(ms):
    return Header(stamp=stamp_message(ms * MS), frame_id="camera")


def colour(ms, height=4):
    return image_message(np.zeros((height, 6, 3), np.uint8), "rgb8", header(ms))


def depth(ms):
    return depth_message(np.ones((4, 6), np.float32), header(ms))


def jpeg(ms):
    data = cv2.imencode(".jpg", np.full((4, 6, 3), 90, np.uint8))[1].tobytes()
    return CompressedImage(header=header(ms), format="rgb8; jpeg compressed bgr8", data=data)


def compressed_depth(ms):
    data = struct.pack("<iff", 0, 0.0, 0.0) + cv2.imencode(".png", np.full((4, 6), 800, np.uint16))[1].tobytes()
    return CompressedImage(header=header(ms), format="16UC1; compressedDepth png", data=data)


@pytest.fixture
def stored():
    return []


CAMERA = PinholeCamera(6, 4, 5.0, 5.0, 3.0, 2.0)


def camera_sync(stored):
    sync = CameraSync(stored.append, SLOP_S, queue_size=10)
    sync.info(camera_info_message(CAMERA, header(0)))
    return sync


@pytest.fixture
def sync(stored):
    return camera_sync(stored)


def times(images):
    return [(item.stamp_ns // MS, item.depth is not None) for item in images]


def test_colour_and_depth_are_paired_in_either_order(sync, stored):
    sync.colour(colour(1000))
    sync.depth(depth(1010))
    sync.depth(depth(1040))
    sync.colour(colour(1033))
    assert times(stored) == [(1000, True), (1033, True)]


def test_images_too_far_apart_are_no_pair(sync, stored):
    sync.colour(colour(1000))
    sync.depth(depth(1031))
    assert stored == []


@given(st.lists(st.integers(-60, 60), min_size=1, max_size=8))
def test_pairs_are_never_further_apart_than_the_slop(jitters):
    stored = []
    sync = camera_sync(stored)
    for number, jitter in enumerate(jitters, start=10):
        sync.colour(colour(100 * number))
        sync.depth(depth(100 * number + jitter))
    for pair in stored:
        assert pair.depth is None or abs(pair.stamp_ns - pair_depth_ns(pair)) < SLOP_S * 1e9


def pair_depth_ns(pair):
    return pair.depth.header.stamp.sec * 10**9 + pair.depth.header.stamp.nanosec


def test_without_depth_colour_goes_on_alone_after_a_while(sync, stored):
    patience = PATIENCE_NS // MS
    for ms in (1000, 1000 + patience - 1, 1000 + patience, 1000 + patience + 33):
        sync.colour(colour(ms))
    assert times(stored) == [(1000 + patience, False), (1033 + patience, False)]


def test_the_first_pairs_wait_for_intrinsics(stored):
    sync = CameraSync(stored.append, SLOP_S, queue_size=10)
    for ms in (1000, 1033, 1000 + PATIENCE_NS // MS):
        sync.colour(colour(ms))
        sync.depth(depth(ms))
    assert times(stored) == [(1000 + PATIENCE_NS // MS, True)]
    assert stored[0].info is None


def apart(pair):
    return abs(pair.stamp_ns - pair_depth_ns(pair)) // MS


@pytest.mark.parametrize("lost", [0, 20])
@pytest.mark.parametrize("depth_every", [1, 2])
@pytest.mark.parametrize("colour_every", [1, 2])
def test_after_a_lost_image_the_others_find_their_partners(sync, stored, lost, depth_every, colour_every):
    for number in range(60):
        ms = 1000 + round(number * 1000 / 30)
        if number % colour_every == 0 and number != lost:
            sync.colour(colour(ms))
        if number % depth_every == 0:
            sync.depth(depth(ms + 5))
    assert len(stored) >= 60 // max(colour_every, depth_every) - 2
    assert {apart(pair) for pair in stored[1:]} == {5}  # before the first pair the period may not be known


def test_many_losses_and_stamps_out_of_order_leave_the_pairing_alone(sync, stored):
    for number in range(30):
        if number % 3 != 1:
            sync.depth(depth(1000 + 33 * number))
            sync.colour(colour(1000 + 33 * number))
        if number % 7 == 6:
            sync.depth(depth(1000 + 33 * number - 99))
    assert len(times(stored)) == 20
    assert {apart(pair) for pair in stored} == {0}


def test_a_slow_camera_with_depth_is_never_served_without(sync, stored):
    for ms in (1000, 3000, 5000):
        sync.colour(colour(ms))
        sync.depth(depth(ms))
    assert times(stored) == [(1000, True), (3000, True), (5000, True)]


def test_depth_that_comes_back_is_paired_again(sync, stored):
    for ms in (1000, 2000, 3000):
        sync.colour(colour(ms))
    sync.depth(depth(3000))
    assert times(stored)[-1] == (3000, True)


def test_depth_that_comes_too_late_brings_no_older_image_back(sync, stored):
    for ms in (1000, 1400, 1800):
        sync.colour(colour(ms))
    sync.depth(depth(1400))
    assert times(stored) == [(1800, False)]


def test_a_clock_that_jumps_back_does_not_end_the_pairing(sync, stored):
    for ms in range(90_000, 90_400, 33):
        sync.colour(colour(ms))  # unpaired images with late stamps fill the synchroniser
    stored.clear()
    sync.colour(colour(1000))
    sync.depth(depth(1000))
    assert times(stored) == [(1000, True)]


@pytest.mark.parametrize("jump", [1000, 60_000])
def test_depth_that_comes_late_after_a_jump_of_the_clock_keeps_no_pairs_out(sync, stored, jump):
    def told(ms):
        return ms - jump if ms >= 91_000 else ms

    for ms in range(90_000, 92_000, 16):
        if ms % 32 == 0:
            sync.colour(colour(told(ms)))
        sync.depth(depth(told(ms - 208)))
    assert times(stored)[-24:] == [(told(ms), True) for ms in range(91_040, 91_792, 32)]


def test_a_slow_cameras_depth_may_come_first_also_after_a_jump_of_the_clock(sync, stored):
    for ms in (90_000, 1000, 3000, 5000):
        sync.depth(depth(ms))
        sync.colour(colour(ms))
    assert times(stored) == [(90_000, True), (3000, True), (5000, True)]


def test_times_before_1970_are_dropped(sync, stored):
    for ms in (-5000, 1000):
        sync.colour(colour(ms))
        sync.depth(depth(ms))
    assert times(stored) == [(1000, True)]


def test_a_pair_makes_a_frame(sync, stored):
    sync.colour(colour(1000))
    sync.depth(depth(1000))
    frame = stored[0].frame()
    assert stored[0].frame() is frame  # engines recognise a frame that they have seen
    assert (frame.stamp_ns, frame.frame_id, frame.camera) == (1000 * MS, "camera", CAMERA)
    assert (frame.image.shape, frame.depth[0, 0]) == ((4, 6, 3), 1.0)


@pytest.mark.parametrize("colour", [colour, jpeg])
@pytest.mark.parametrize("depth", [depth, compressed_depth])
def test_raw_and_compressed_images_are_alike(colour, depth, sync, stored):
    sync.depth(depth(1010))
    sync.colour(colour(1000))
    frame = stored[0].frame()
    assert (frame.image.shape, frame.stamp_ns) == ((4, 6, 3), 1000 * MS)
    assert frame.depth[0, 0] == pytest.approx({"depth": 1.0, "compressed_depth": 0.8}[depth.__name__])


def test_nothing_is_decoded_until_somebody_asks(sync, stored):
    sync.depth(depth(1000))
    sync.colour(CompressedImage(header=header(1000), format="jpeg", data=b"damaged"))
    assert times(stored) == [(1000, True)]
    with pytest.raises(BadImageError, match="no whole JPEG or PNG"):
        stored[0].frame()


def test_colour_alone_makes_a_frame():
    frame = CameraImages(colour(1), camera_name="wrist").frame()
    assert (frame.depth, frame.camera, frame.camera_name) == (None, None, "wrist")


def test_depth_of_another_size_is_refused():
    with pytest.raises(BadImageError, match="depth is 6x4 and the image 6x8; depth must be aligned"):
        CameraImages(colour(1, height=8), depth(1)).frame()


def test_intrinsics_of_another_size_are_refused():
    info = camera_info_message(PinholeCamera(5, 5, 1.0, 1.0, 1.0, 1.0), header(1))
    with pytest.raises(BadImageError, match="camera_info is for 5x5, the image is 6x4"):
        CameraImages(colour(1), info=info).frame()


def statistics_after(sync, *images):
    for kind, ms in images:
        {"colour": sync.colour, "depth": sync.depth}[kind]({"colour": colour, "depth": depth}[kind](ms))
    return sync.statistics


def test_before_the_first_image_there_is_nothing_to_tell(sync):
    assert sync.statistics == CameraStatistics()


def test_every_colour_image_is_accounted_for(sync):
    pairs = [(kind, ms) for ms in (1000, 1040, 1080) for kind in ("depth", "colour")]
    lonely = [("colour", 1120), ("colour", 1160)]
    told = statistics_after(sync, *pairs, *lonely, ("depth", 1165), ("colour", 1200))
    assert (told.received, told.depth_received) == (6, 4)
    assert (told.paired, told.alone, told.dropped) == (4, 0, 1)  # 1120 was dropped, 1200 still waits
    assert (told.newest_ns, told.rate_hz) == (1200 * MS, pytest.approx(25.0))


def test_how_long_nothing_matched_is_told(sync):
    told = statistics_after(sync, ("depth", 1000), ("colour", 1000))
    assert told.unmatched_s == 0
    told = statistics_after(sync, ("colour", 1100), ("colour", 1900), ("depth", 1800))
    assert (told.unmatched_s, told.paired, told.alone) == (pytest.approx(0.8), 1, 1)
    told = statistics_after(sync, ("depth", 1900))
    assert (told.unmatched_s, told.paired) == (0, 2)


def test_counts_survive_a_clock_that_jumps_back(sync):
    statistics_after(sync, ("colour", 90_000), ("colour", 90_040))
    told = statistics_after(sync, ("colour", 1000), ("colour", 1100), ("depth", 1100))
    assert (told.received, told.paired, told.dropped, told.newest_ns) == (4, 1, 3, 1100 * MS)
    assert told.rate_hz == pytest.approx(10.0)


def test_images_that_can_never_be_used_are_dropped(sync):
    assert statistics_after(sync, ("colour", -5000)).dropped == 1


def test_a_camera_that_sets_no_stamps_does_not_pile_up(sync):
    told = statistics_after(sync, *[("colour", 0)] * (MAX_WAITING + 5))
    assert (told.received, told.dropped, told.rate_hz) == (MAX_WAITING + 5, 5, 0.0)
