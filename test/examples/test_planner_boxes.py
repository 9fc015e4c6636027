"""The example's conversion, without a graph."""

import importlib
from pathlib import Path

import pytest

pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built; run make setup")
pytest.importorskip("shape_msgs.msg")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from shape_msgs.msg import SolidPrimitive
from std_msgs.msg import Header

from annexe_ros.msg import InteractionAnswer, InteractionObject

pytestmark = pytest.mark.ros

EXAMPLE = Path(__file__).parents[2] / "examples" / "planner_boxes"


@pytest.fixture(scope="module")
def planner_boxes():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        yield importlib.import_module("planner_boxes").planner_boxes


POSE = Pose(position=Point(x=0.1, y=-0.2, z=0.6), orientation=Quaternion(x=0.0, y=0.6, z=0.0, w=0.8))


def item(label: str, variance: float = 1e-6, **fields: object) -> InteractionObject:
    covariance = [0.0] * 36
    covariance[0] = covariance[7] = covariance[14] = variance
    return InteractionObject(
        label=label,
        has_pose=True,
        pose=PoseWithCovariance(pose=POSE, covariance=covariance),
        size=Vector3(x=0.12, y=0.1, z=0.08),
        **fields,
    )


def answer(*objects: InteractionObject) -> InteractionAnswer:
    header = Header(stamp=Time(sec=7, nanosec=5), frame_id="head_optical")
    return InteractionAnswer(header=header, pose_frame="torso", objects=list(objects))


def test_an_object_becomes_a_box_in_the_poses_frame_at_the_images_stamp(planner_boxes):
    (box,) = planner_boxes(answer(item("trash can", track_id=4)))
    assert box.name == "trash_can_4"
    assert box.primitive.type == SolidPrimitive.BOX
    assert list(box.primitive.dimensions) == pytest.approx([0.12, 0.1, 0.08])
    assert (box.pose.header.frame_id, box.pose.header.stamp) == ("torso", Time(sec=7, nanosec=5))
    assert box.pose.pose == POSE


def test_the_margin_is_added_on_each_side(planner_boxes):
    (box,) = planner_boxes(answer(item("mug")), margin=0.01)
    assert list(box.primitive.dimensions) == pytest.approx([0.14, 0.12, 0.1])


def test_what_has_no_pose_or_is_badly_known_is_left_out(planner_boxes):
    flat = InteractionObject(label="right hand")
    boxes = planner_boxes(answer(flat, item("mug", 0.01), item("mug")), max_sigma=0.05)
    assert [box.name for box in boxes] == ["mug_3"]


@pytest.mark.parametrize(
    ("extent", "whole"), [(InteractionObject.VISIBLE_SURFACE, False), (InteractionObject.FULL, True)]
)
def test_it_says_whether_the_far_side_is_known(planner_boxes, extent: int, whole: bool):
    (box,) = planner_boxes(answer(item("mug", extent=extent)))
    assert box.whole is whole


def test_an_answer_without_targets_gives_no_box(planner_boxes):
    assert planner_boxes(InteractionAnswer()) == []
