import sys
from types import ModuleType, SimpleNamespace

import pytest

pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Vector3
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from annexe_ros.msg import InteractionAnswer, InteractionObject
from annexe_ros.ros.detections import (
    detections_2d_message,
    detections_3d_message,
    label_info_message,
    vision_msgs_installed,
)

pytestmark = pytest.mark.ros

NESTED = {
    "ObjectHypothesisWithPose": lambda: {"hypothesis": SimpleNamespace()},
    "BoundingBox2D": lambda: {"center": SimpleNamespace(position=SimpleNamespace())},
}
NAMES = (
    "Detection2D",
    "Detection2DArray",
    "Detection3D",
    "Detection3DArray",
    "BoundingBox3D",
    "LabelInfo",
    "VisionClass",
)


@pytest.fixture
def vision_msgs(monkeypatch):
    """Messages that take any field."""
    module = ModuleType("vision_msgs.msg")
    for name in (*NAMES, *NESTED):
        made = NESTED.get(name, dict)
        setattr(module, name, lambda made=made, **fields: SimpleNamespace(**made(), **fields))
    package = ModuleType("vision_msgs")
    package.msg = module
    monkeypatch.setitem(sys.modules, "vision_msgs", package)
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", module)


POSE = PoseWithCovariance(pose=Pose(position=Point(x=0.1, y=0.2, z=0.7)), covariance=[float(i) for i in range(36)])
MUG = InteractionObject(
    label="mug",
    mask_value=1,
    track_id=7,
    score=0.5,
    roi=RegionOfInterest(x_offset=2, y_offset=1, width=3, height=2),
    has_pose=True,
    pose=POSE,
    size=Vector3(x=0.1, y=0.2, z=0.3),
)
HAND = InteractionObject(label="right hand", mask_value=2, score=1.0)
UNSEEN = InteractionObject(label="bowl", score=0.25)
HEADER = Header(stamp=Time(sec=7, nanosec=5), frame_id="camera")
ANSWER = InteractionAnswer(header=HEADER, pose_frame="torso", objects=[MUG, HAND, UNSEEN])


@pytest.mark.usefixtures("vision_msgs")
def test_masks_become_boxes_in_the_image():
    message = detections_2d_message(ANSWER)
    assert (message.header, [item.id for item in message.detections]) == (HEADER, ["7", ""])
    mug = message.detections[0]
    assert mug.header == HEADER
    assert (mug.bbox.center.position.x, mug.bbox.center.position.y) == (3.5, 2.0)
    assert (mug.bbox.size_x, mug.bbox.size_y) == (3.0, 2.0)
    assert (mug.results[0].hypothesis.class_id, mug.results[0].hypothesis.score) == ("mug", 0.5)


@pytest.mark.usefixtures("vision_msgs")
def test_places_become_boxes_in_the_frame_of_the_poses():
    message = detections_3d_message(ANSWER)
    assert message.header == Header(stamp=HEADER.stamp, frame_id="torso")
    (mug,) = message.detections
    assert (mug.header, mug.id) == (message.header, "7")
    assert (mug.bbox.center, mug.bbox.size, mug.results[0].pose) == (POSE.pose, MUG.size, POSE)


@pytest.mark.usefixtures("vision_msgs")
def test_the_label_images_values_are_named():
    message = label_info_message(ANSWER)
    assert message.header == HEADER
    assert [(item.class_id, item.class_name) for item in message.class_map] == [
        (0, "background"),
        (1, "mug"),
        (2, "right hand"),
    ]


@pytest.mark.usefixtures("vision_msgs")
def test_an_answer_without_objects_is_an_empty_list():
    nothing = InteractionAnswer(header=HEADER)
    assert detections_2d_message(nothing).detections == detections_3d_message(nothing).detections == []


@pytest.mark.usefixtures("vision_msgs")
def test_installed_is_found():
    assert vision_msgs_installed()


def test_not_installed_is_no_failure(monkeypatch):
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    assert not vision_msgs_installed()
