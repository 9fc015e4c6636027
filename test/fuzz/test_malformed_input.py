"""Whatever arrives, an ``AnnexeError`` or something usable comes out: never a crash, never memory without limit.

A few hundred examples in the ordinary run, 10,000 as a soak trial (`make soak`).
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from malformed import at_the_door, camera_infos, compressed_images, images, requests

from annexe_ros.core.calibration import camera_from_message
from annexe_ros.core.geometry import locate
from annexe_ros.inference import ScriptedEngine
from annexe_ros.ros.answers import answer_message, label_image_message
from annexe_ros.ros.camera_sync import CameraSync
from annexe_ros.ros.compressed import colour_from_compressed, depth_from_compressed
from annexe_ros.ros.images import MAX_PIXELS, MessageDepth, colour_from_message
from annexe_ros.ros.requests import (
    camera_from_request,
    images_from_request,
    max_frame_age_from_request,
    query_from_request,
)

pytestmark = pytest.mark.ros

LARGEST_DECODED = 2 * 3 * MAX_PIXELS + 2**20
"""A file may declare the largest image that is allowed; it is decoded and its channels are put in order."""


def colour_is_read_or_refused(message):
    with at_the_door():
        colour = colour_from_message(message)
        assert (colour.shape, colour.dtype) == ((message.height, message.width, 3), np.uint8)


def depth_is_read_or_refused(message):
    with at_the_door():
        depth = MessageDepth(message)()
        assert (depth.shape, depth.dtype) == ((message.height, message.width), np.float32)
        assert not (depth <= 0).any()
        assert not np.isinf(depth).any()


def compressed_images_are_read_or_refused(message):
    with at_the_door(LARGEST_DECODED):
        assert colour_from_compressed(message).dtype == np.uint8
    with at_the_door(LARGEST_DECODED):
        depth = depth_from_compressed(message)
        assert not (depth <= 0).any()
        assert not np.isinf(depth).any()


def intrinsics_are_read_or_refused(message):
    for rectified in (False, True):
        with at_the_door():
            camera = camera_from_message(message, rectified=rectified)
            if camera is not None:
                rays = camera.deproject(np.array([0.0, 3.0]), np.array([0.0, 2.0]), np.ones(2))
                assert rays.shape == (2, 3)


def requests_are_answered_or_refused(request):
    with at_the_door(2**22):
        query = query_from_request(request)
        camera_from_request(request, ["head", "wrist"])
        assert max_frame_age_from_request(request, 1.0) > 0
        given_images = images_from_request(request)
        if given_images is not None:
            frame = given_images.frame()
            reply = ScriptedEngine().interpret(frame, query)
            answer = answer_message(locate(reply, frame) if query.want_3d else reply, frame, query)
            assert (answer.image_width, answer.image_height) == (request.image.width, request.image.height)
            assert len(label_image_message(reply, frame).data) == frame.width * frame.height


def streams_are_paired_or_dropped(messages):
    frames = []
    with at_the_door(2**22):
        sync = CameraSync(frames.append, slop_s=0.03, queue_size=10)
        for topic, message in messages:
            getattr(sync, topic)(message)
    for frame in frames:
        with at_the_door(LARGEST_DECODED):
            assert frame.frame().image.dtype == np.uint8


any_image = st.one_of(images(), compressed_images())
streams = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["colour", "depth"]), any_image), st.tuples(st.just("info"), camera_infos())
    ),
    max_size=12,
)  # fmt: skip

# Property, what it is given, and its share of the 10,000 examples.
PROPERTIES = {
    "colour": (colour_is_read_or_refused, images(), 2000),
    "depth": (depth_is_read_or_refused, images(), 2000),
    "compressed": (compressed_images_are_read_or_refused, compressed_images(), 2000),
    "camera_info": (intrinsics_are_read_or_refused, camera_infos(), 1000),
    "request": (requests_are_answered_or_refused, requests(), 2500),
    "stream": (streams_are_paired_or_dropped, streams, 500),
}


def hold(name, examples):
    check, strategy, _ = PROPERTIES[name]
    limits = settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    limits(given(strategy)(check))()


@pytest.mark.parametrize("name", PROPERTIES)
def test_malformed_input_is_refused(name):
    hold(name, 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_ten_thousand_malformed_inputs_are_refused(name):
    hold(name, PROPERTIES[name][2])


def test_it_is_ten_thousand():
    assert sum(examples for _, _, examples in PROPERTIES.values()) == 10_000
