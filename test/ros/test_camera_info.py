from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.calibration import camera_from_message
from annexe_ros.core.errors import BadImageError
from annexe_ros.ros.camera_info import camera_info_message

pytestmark = pytest.mark.ros

focal = st.floats(1, 1e4)
lens = st.sampled_from([(), (0.1, -0.2, 0.0, 0.0, 0.01), (0.5, -2.7, 0.0005, -0.0002, 1.5, 0.4, -2.5, 1.5)])
cameras = st.builds(PinholeCamera, st.integers(1, 4000), st.integers(1, 4000), focal, focal, focal, focal, lens)


@given(cameras)
def test_intrinsics_survive_the_way_out_and_in(camera):
    message = camera_info_message(camera, Header(frame_id="camera"))
    assert message.header.frame_id == "camera"
    assert camera_from_message(message) == camera
    assert camera_from_message(message, rectified=True) == replace(camera, distortion=())


def distorted():
    message = camera_info_message(PinholeCamera(64, 48, 50.0, 51.0, 32.0, 24.0), Header())
    message.d = [0.1, -0.2, 0.0, 0.0, 0.0]
    message.p = np.array([60.0, 0, 33, 0, 0, 61, 25, 0, 0, 0, 1, 0])
    return message


def test_a_distorted_image_has_a_camera_with_distortion():
    assert camera_from_message(distorted()).distortion == (0.1, -0.2, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("model", "d", "expected"),
    [
        ("plumb_bob", [0.1, 0.2, 0.3, 0.4], (0.1, 0.2, 0.3, 0.4, 0.0)),
        ("plumb_bob", [0.1, 0, 0, 0, 0, 0, 0, 0], (0.1, 0.0, 0.0, 0.0, 0.0)),  # Orbbec's driver always writes eight
        ("rational_polynomial", [1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 0, 0], (1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0)),
        ("equidistant", [0, 0, 0, 0], ()),
        ("", [], ()),
    ],
)
def test_coefficients_are_taken_as_drivers_write_them(model, d, expected):
    message = distorted()
    message.distortion_model, message.d = model, [float(value) for value in d]
    assert camera_from_message(message).distortion == expected


@pytest.mark.parametrize(
    ("model", "d"), [("equidistant", [0.1, 0, 0, 0]), ("", [0.1]), ("rational_polynomial", [0.0] * 8 + [0.1])]
)
def test_other_models_are_refused_by_name(model, d):
    message = distorted()
    message.distortion_model, message.d = model, [float(value) for value in d]
    with pytest.raises(BadImageError, match=rf"{model or 'unnamed model'}: 0.*image_proc.*'rectified'"):
        camera_from_message(message)
    assert camera_from_message(message, rectified=True).distortion == ()


def test_distortion_that_is_no_number_is_refused():
    message = distorted()
    message.d[1] = np.nan
    with pytest.raises(BadImageError, match="coefficients"):
        camera_from_message(message)


def test_a_rectified_image_is_described_by_p():
    assert camera_from_message(distorted(), rectified=True) == PinholeCamera(64, 48, 60.0, 61.0, 33.0, 25.0)


def test_an_uncalibrated_camera_has_no_intrinsics():
    assert camera_from_message(CameraInfo(width=64, height=48)) is None


def test_binning_shrinks_the_image():
    message = camera_info_message(PinholeCamera(64, 49, 50.0, 51.0, 31.5, 23.5), Header())
    message.binning_x, message.binning_y = 2, 4
    assert camera_from_message(message) == PinholeCamera(32, 12, 25.0, 12.75, 15.5, 5.5)


def test_a_region_of_interest_crops_the_image_before_it_is_binned():
    message = distorted()
    message.roi.x_offset, message.roi.y_offset, message.roi.width, message.roi.height = 10, 4, 40, 20
    expected = PinholeCamera(40, 20, 50.0, 51.0, 22.0, 20.0, (0.1, -0.2, 0.0, 0.0, 0.0))
    assert camera_from_message(message) == expected
    message.binning_x = message.binning_y = 2
    assert camera_from_message(message) == expected.resized(20, 10)


def test_a_region_that_is_the_whole_image_is_none():
    camera = PinholeCamera(64, 49, 50.0, 51.0, 31.5, 23.5)
    message = camera_info_message(camera, Header())
    message.roi.width, message.roi.height, message.roi.do_rectify = message.width, message.height, True
    assert camera_from_message(message, rectified=True) == camera
    message.roi.x_offset = 1
    with pytest.raises(BadImageError, match="region of interest"):
        camera_from_message(message, rectified=True)


def test_a_rectified_region_of_interest_is_refused():
    message = distorted()
    message.roi.width = message.roi.height = 10
    with pytest.raises(BadImageError, match="region of interest"):
        camera_from_message(message, rectified=True)


@pytest.mark.parametrize(("width", "binning"), [(0, 1), (1, 2)])
def test_nothing_left_to_see_is_refused(width, binning):
    message = distorted()
    message.roi.width, message.roi.height, message.binning_x = width, 10, binning
    with pytest.raises(BadImageError, match=r"0x10 pixels|2x1 binning of 1x10 pixels"):
        camera_from_message(message)


def test_intrinsics_of_nothing_are_refused():
    message = CameraInfo()
    message.k[0] = np.nan
    with pytest.raises(BadImageError, match="0x0"):
        camera_from_message(message)
