import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

import tf_transformations
from rclpy.serialization import serialize_message

from annexe_ros.core import (
    Extent,
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    OrientedBox,
    PinholeCamera,
    Query,
    Role,
    StageLatency,
)
from annexe_ros.core.errors import Status
from annexe_ros.core.transforms import PoseTransform, RigidTransform
from annexe_ros.msg import InteractionObject
from annexe_ros.ros.answers import answer_message, label_image_message
from annexe_ros.ros.images import pixels_from_message
from annexe_ros.ros.plain import plain
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros

ROTATION = Rotation.from_euler("xyz", (0.3, -0.4, 1.1))
BOX = OrientedBox(
    np.array([0.1, -0.2, 0.7]),
    ROTATION.as_matrix(),
    np.array([0.1, 0.2, 0.3]),
    np.arange(36.0).reshape(6, 6),
    Extent.FULL,
)
LABELS = np.zeros((4, 6), np.uint8)
LABELS[1:3, 2:5] = 1
LABELS[0, 0] = 2
REPLY = Interpretation(
    analysis="The right hand holds a mug.",
    answer="mug and right hand",
    has_target=True,
    target_score=0.75,
    objects=(
        GroundedObject("mug", 1, 0.5, Role.OBJECT, True, Hands.LEFT | Hands.RIGHT, 7, BOX, 0.25),
        GroundedObject("right hand", 2, 1.0, Role.RIGHT_HAND),
    ),
    label_image=LABELS,
    engine="scripted",
    model="default",
    latencies=(StageLatency("answer", 1.5),),
    notes=("No depth.",),
)
FRAME = Frame(
    np.zeros((4, 6, 3), np.uint8), None, PinholeCamera(6, 4, 5.0, 5.0, 3.0, 2.0), 12_000_000_034, "camera", "wrist"
)
ANSWER = answer_message(REPLY, FRAME, Query("  what is\nheld? "))


@pytest.mark.parametrize(
    ("field", "value"),
    {
        "camera": "wrist",
        "query": "what is held?",
        "analysis": "The right hand holds a mug.",
        "answer": "mug and right hand",
        "engine": "scripted",
        "model": "default",
        "has_target": True,
        "target_score": 0.75,
        "pose_frame": "camera",
        "image_width": 6,
        "image_height": 4,
        "notes": ["No depth."],
    }.items(),
)
def test_every_field_of_the_answer(field, value):
    assert getattr(ANSWER, field) == value


def test_the_answer_has_time_and_frame_of_the_image():
    assert (ANSWER.header.stamp.sec, ANSWER.header.stamp.nanosec, ANSWER.header.frame_id) == (12, 34, "camera")


def test_latencies_keep_their_order_and_unit():
    assert [(latency.stage, latency.ms) for latency in ANSWER.latencies] == [("answer", 1.5)]


def test_every_field_of_an_object():
    mug = plain(ANSWER.objects[0])
    assert mug.pop("roi") == {"x_offset": 2, "y_offset": 1, "width": 3, "height": 2, "do_rectify": False}
    pose = mug.pop("pose")
    assert pose["pose"]["position"] == {"x": 0.1, "y": -0.2, "z": 0.7}
    assert pose["covariance"] == list(range(36))
    assert mug == {
        "mask_value": 1,
        "track_id": 7,
        "role": InteractionObject.OBJECT,
        "label": "mug",
        "score": 0.5,
        "active": True,
        "touched_by": InteractionObject.LEFT | InteractionObject.RIGHT,
        "has_pose": True,
        "size": {"x": 0.1, "y": 0.2, "z": 0.3},
        "extent": InteractionObject.FULL,
        "depth_coverage": 0.25,
    }


def test_the_orientation_is_the_boxes():
    quaternion = ANSWER.objects[0].pose.pose.orientation
    matrix = tf_transformations.quaternion_matrix([quaternion.x, quaternion.y, quaternion.z, quaternion.w])
    np.testing.assert_allclose(matrix[:3, :3], BOX.rotation, atol=1e-12)


def test_poses_are_told_in_the_frame_they_were_transformed_to():
    """A camera that looks forward (its z is the body's x, its y the body's -z) from a metre up."""
    looking = RigidTransform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([0.0, 0, 1]))
    answer = answer_message(REPLY, FRAME, Query("?"), PoseTransform("torso", looking))
    pose, quaternion = answer.objects[0].pose.pose, answer.objects[0].pose.pose.orientation
    assert (answer.pose_frame, answer.header.frame_id, answer.notes) == ("torso", "camera", ["No depth."])
    np.testing.assert_allclose([pose.position.x, pose.position.y, pose.position.z], [0.7, -0.1, 1.2])
    turned = Rotation.from_quat([quaternion.x, quaternion.y, quaternion.z, quaternion.w])
    np.testing.assert_allclose(turned.as_matrix(), looking.rotation @ BOX.rotation, atol=1e-12)
    covariance = answer.objects[0].pose.covariance.reshape(6, 6)
    assert (covariance[0, 0], covariance[0, 1], covariance[2, 5]) == (14, -12, 10)  # zz, -zx, (-y)(-rotation y)
    assert plain(answer.objects[0].size) == {"x": 0.1, "y": 0.2, "z": 0.3}


def test_poses_that_stay_say_why():
    answer = answer_message(REPLY, FRAME, Query("?"), PoseTransform.staying_in("camera", "No transform."))
    assert (answer.pose_frame, answer.notes) == ("camera", ["No depth.", "No transform."])
    assert answer.objects == ANSWER.objects


def test_an_object_without_place_says_so():
    hand = ANSWER.objects[1]
    assert (hand.role, hand.has_pose, hand.pose.pose.orientation.w) == (InteractionObject.RIGHT_HAND, False, 1.0)


def test_the_label_image_is_published_as_it_is():
    message = label_image_message(REPLY, FRAME)
    assert (message.encoding, message.header) == ("mono8", ANSWER.header)
    np.testing.assert_array_equal(pixels_from_message(message), LABELS)


@pytest.mark.parametrize("status", Status)
def test_statuses_have_the_numbers_of_the_service(status):
    assert getattr(EgoQuery.Response, status.name) == status


@pytest.mark.parametrize("member", [*Role, Hands.LEFT, Hands.RIGHT, *Extent])
def test_enumerations_have_the_numbers_of_the_message(member):
    assert getattr(InteractionObject, member.name) == member


def test_half_a_character_is_replaced_wherever_an_engine_has_texts():
    half, told = "mug \ud83d", "mug \ufffd"
    reply = dataclasses.replace(
        REPLY, analysis=half, answer=half, engine=half, model=half, notes=(half,),
        objects=(GroundedObject(half, 1, 0.5, Role.OBJECT),), latencies=(StageLatency(half, 1.0),),
    )  # fmt: skip
    message = answer_message(reply, FRAME, Query("what?"))
    texts = (message.analysis, message.answer, message.engine, message.model, *message.notes)
    assert {*texts, message.objects[0].label, message.latencies[0].stage} == {told}
    assert serialize_message(message)
