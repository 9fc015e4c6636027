import math

import numpy as np
import pytest

pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from geometry_msgs.msg import Point
from std_msgs.msg import Header

from annexe_ros.core import Query
from annexe_ros.core.errors import BadImageError, InvalidQueryError, UnknownCameraError
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.ros.requests import (
    camera_from_request,
    images_from_request,
    max_frame_age_from_request,
    query_from_request,
)
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros

IMAGE = image_message(np.zeros((4, 6, 3), np.uint8), "rgb8", Header(frame_id="camera"))
DEPTH = depth_message(np.ones((4, 6), np.float32), Header())


def request(**fields):
    return EgoQuery.Request(**{"query": "what?", **fields})


def test_defaults_want_everything():
    assert query_from_request(request()) == Query("what?")


def test_options_are_passed_on():
    asked = request(want_analysis=False, want_mask=False, want_3d=False, has_gaze=True, gaze=Point(x=3.0, y=4.0))
    assert query_from_request(asked) == Query("what?", False, False, False, (3.0, 4.0))


def test_a_gaze_that_was_not_given_is_none():
    assert query_from_request(request(gaze=Point(x=3.0))).gaze is None


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 513])
def test_an_unusable_query_is_refused(text):
    with pytest.raises(InvalidQueryError):
        query_from_request(request(query=text))


def test_a_gaze_at_infinity_is_refused():
    with pytest.raises(InvalidQueryError, match="not a pixel"):
        query_from_request(request(has_gaze=True, gaze=Point(x=math.inf)))


def test_without_an_image_the_camera_is_meant():
    assert images_from_request(request()) is None


def test_an_image_of_its_own_is_used():
    frame = images_from_request(request(image=IMAGE, depth=DEPTH), "wrist").frame()
    assert (frame.frame_id, frame.camera_name, frame.camera, frame.depth[0, 0]) == ("camera", "wrist", None, 1.0)
    assert frame.is_given


def test_an_image_that_declares_anything_is_read_and_refused():
    broken = image_message(np.zeros((4, 6, 3), np.uint8), "rgb8", Header())
    broken.data = b""
    with pytest.raises(BadImageError, match="data has 0 bytes"):
        images_from_request(request(image=broken)).frame()


def test_depth_alone_is_refused():
    with pytest.raises(InvalidQueryError, match="no image that it belongs to"):
        images_from_request(request(depth=DEPTH))


def test_no_name_means_the_first_camera():
    assert camera_from_request(request(), ["head", "wrist"]) == "head"
    assert camera_from_request(request(camera="wrist"), ["head", "wrist"]) == "wrist"


def test_an_unknown_camera_is_refused_by_name():
    with pytest.raises(UnknownCameraError, match="unknown camera 'foot'; this node has: head, wrist"):
        camera_from_request(request(camera="foot"), ["head", "wrist"])
    with pytest.raises(UnknownCameraError, match="this node has: one camera without a name"):
        camera_from_request(request(camera="foot"), [""])


def test_the_age_limit_is_the_requests_or_the_nodes():
    assert max_frame_age_from_request(request(), 1.5) == 1.5
    assert max_frame_age_from_request(request(max_frame_age=0.25), 1.5) == 0.25


@pytest.mark.parametrize("age", [-1.0, math.nan])
def test_an_impossible_age_limit_is_refused(age):
    with pytest.raises(InvalidQueryError, match="max_frame_age"):
        max_frame_age_from_request(request(max_frame_age=age), 1.5)
