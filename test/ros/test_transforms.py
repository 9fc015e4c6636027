import sys
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from annexe_ros.core.errors import TransformError
from annexe_ros.ros.poses import rigid_transform
from annexe_ros.ros.transforms import TransformLookup

pytestmark = pytest.mark.ros

STAMP_NS = 12_000_000_034
TURNED = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)  # an optical frame that looks along the body's x
STANDING = TransformStamped(transform=Transform(translation=Vector3(x=0.1, y=0.0, z=1.5), rotation=TURNED))


class TransformException(Exception):  # noqa: N818  tf2's own name
    pass


class Buffer:
    """A buffer that knows where the camera was at one time."""

    cleared = 0

    def __init__(self, cache_time):
        self.cache_time = cache_time

    def clear(self):
        self.cleared += 1

    def lookup_transform(self, target_frame, source_frame, time):
        if (target_frame, source_frame, time.nanoseconds) != ("torso", "camera", STAMP_NS):
            raise TransformException("Lookup would require extrapolation into the future. ")
        return STANDING


class TransformListener:
    def __init__(self, buffer, node):
        node.listeners.append(self)
        self.unregister = lambda: node.listeners.remove(self)


@pytest.fixture
def node():
    warnings = []
    logger = SimpleNamespace(warning=lambda sentence, throttle_duration_sec: warnings.append(sentence))
    jumps = []

    def create_jump_callback(threshold, post_callback):
        jumps.append((threshold, post_callback))
        return SimpleNamespace(unregister=jumps.clear)

    clock = SimpleNamespace(create_jump_callback=create_jump_callback)
    return SimpleNamespace(
        get_logger=lambda: logger, get_clock=lambda: clock, warnings=warnings, listeners=[], jumps=jumps
    )


def lookup_of(node, history_s=10.0):
    return TransformLookup(node, history_s)


@pytest.fixture
def tf2(monkeypatch):
    stand_in = SimpleNamespace(
        Buffer=Buffer, TransformListener=TransformListener, TransformException=TransformException
    )
    monkeypatch.setitem(sys.modules, "tf2_ros", stand_in)


@pytest.fixture
def no_tf2(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)


@pytest.mark.usefixtures("tf2")
def test_the_camera_is_looked_up_where_it_was_when_the_image_was_taken(node):
    poses = lookup_of(node).pose_in("camera", "torso", STAMP_NS)
    assert (poses.frame, poses.note, node.warnings) == ("torso", "", [])
    np.testing.assert_allclose(poses.transform.points([0.1, 0.2, 0.8]), [0.9, -0.1, 1.3], atol=1e-12)


@pytest.mark.usefixtures("tf2")
@pytest.mark.parametrize("target", ["", "camera"])
def test_the_cameras_own_frame_needs_no_lookup(node, target: str):
    poses = lookup_of(node).pose_in("camera", target, 0)
    assert (poses.frame, poses.note) == ("camera", "")
    np.testing.assert_array_equal(poses.transform.points([1.0, 2, 3]), [1, 2, 3])


@pytest.mark.usefixtures("tf2")
def test_a_missing_transform_is_told_in_one_sentence_and_poses_stay(node):
    poses = lookup_of(node).pose_in("camera", "torso", STAMP_NS + 1)
    why = "no transform from 'camera' to 'torso' at 12.000000035 s: Lookup would require extrapolation into the future"
    assert (poses.frame, poses.note) == ("camera", f"Poses are in 'camera': {why}.")
    assert node.warnings == [why]


@pytest.mark.usefixtures("no_tf2")
def test_without_tf2_ros_that_is_the_reason(node):
    lookup = lookup_of(node)
    assert "tf2_ros is not installed" in lookup.pose_in("camera", "torso", STAMP_NS).note
    assert lookup.pose_in("camera", "", STAMP_NS).note == ""
    lookup.close()


@pytest.mark.usefixtures("tf2")
@pytest.mark.parametrize("stamp_ns", [0, -1])
def test_an_image_without_time_has_no_place_though_tf2_would_give_the_newest(node, stamp_ns: int):
    with pytest.raises(TransformError, match="no time stamp"):
        lookup_of(node).transform("camera", "torso", stamp_ns)


@pytest.mark.usefixtures("tf2")
def test_closing_ends_listening(node):
    lookup = lookup_of(node)
    assert len(node.listeners) == 1
    lookup.close()
    assert node.listeners == []
    assert lookup.pose_in("camera", "torso", STAMP_NS).note == ""  # of a query that still runs


@pytest.mark.usefixtures("tf2")
def test_transforms_are_kept_for_as_long_as_a_query_may_take(node):
    assert lookup_of(node, 36.0)._buffer.cache_time.nanoseconds == 36_000_000_000


@given(st.integers(0, 2**32 - 1))
def test_a_transform_of_tf_is_the_same_as_a_matrix(seed: int):
    rng = np.random.default_rng(seed)
    turn, moved = Rotation.random(random_state=rng), rng.normal(size=3)
    x, y, z, w = turn.as_quat()
    message = Transform(
        translation=Vector3(**dict(zip("xyz", moved, strict=True))), rotation=Quaternion(x=x, y=y, z=z, w=w)
    )
    transform = rigid_transform(message)
    np.testing.assert_allclose(transform.rotation, turn.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(transform.translation, moved)


@pytest.mark.usefixtures("tf2")
def test_a_clock_that_jumps_back_empties_the_buffer(node):
    lookup = lookup_of(node)
    ((threshold, jumped),) = node.jumps
    assert (threshold.min_forward, threshold.min_backward.nanoseconds < 0) == (None, True)
    jumped(None)
    assert lookup._buffer.cleared == 1
    lookup.close()
    assert node.jumps == []
