import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sensor_msgs.msg", reason="ROS messages are not installed")

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import BadImageError
from annexe_ros.ros.camera_info import camera_from_message, camera_info_message

pytestmark = pytest.mark.ros

focal = st.floats(1, 1e4)
cameras = st.builds(PinholeCamera, st.integers(1, 4000), st.integers(1, 4000), focal, focal, focal, focal)


@given(cameras)
def test_intrinsics_survive_the_way_out_and_in(camera):
    message = camera_info_message(camera, Header(frame_id="camera"))
    assert message.header.frame_id == "camera"
    assert camera_from_message(message) == camera
    assert camera_from_message(message, rectified=True) == camera


def distorted():
    message = camera_info_message(PinholeCamera(64, 48, 50.0, 51.0, 32.0, 24.0), Header())
    message.d = [0.1, -0.2, 0.0, 0.0, 0.0]
    message.p = np.array([60.0, 0, 33, 0, 0, 61, 25, 0, 0, 0, 1, 0])
    return message


def test_a_distorted_image_is_refused_by_name():
    with pytest.raises(BadImageError, match=r"plumb_bob: 0\.1, -0\.2, 0, 0, 0.*image_proc.*'rectified'"):
        camera_from_message(distorted())


def test_a_rectified_image_is_described_by_p():
    assert camera_from_message(distorted(), rectified=True) == PinholeCamera(64, 48, 60.0, 61.0, 33.0, 25.0)


def test_an_uncalibrated_camera_has_no_intrinsics():
    assert camera_from_message(CameraInfo(width=64, height=48)) is None


@pytest.mark.parametrize(("field", "value"), [("binning_x", 2), ("binning_y", 4)])
def test_binned_images_are_refused(field, value):
    message = camera_info_message(PinholeCamera(64, 48, 50.0, 51.0, 32.0, 24.0), Header())
    setattr(message, field, value)
    with pytest.raises(BadImageError, match="binning or a region"):
        camera_from_message(message)


def test_cropped_images_are_refused():
    message = camera_info_message(PinholeCamera(64, 48, 50.0, 51.0, 32.0, 24.0), Header())
    message.roi.width = 10
    with pytest.raises(BadImageError, match="binning or a region"):
        camera_from_message(message)


def test_intrinsics_of_nothing_are_refused():
    message = CameraInfo()
    message.k[0] = np.nan
    with pytest.raises(BadImageError, match="0x0"):
        camera_from_message(message)
