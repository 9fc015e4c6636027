"""The main job with the shipped model, over real DDS: a frame of the recording, asked about as the demo does."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from conftest import spinning
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from annexe_ros.core import Query
from annexe_ros.data.recording import Recording
from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.query_client import read_questions
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message, pixels_from_message

pytestmark = [pytest.mark.ros, pytest.mark.model]

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "annexe-scenes"
RECORDING = ROOT / "examples" / "recordings" / "head_camera"


def image_fields():
    recording = Recording.open(RECORDING)
    frame, header = recording.read(recording.frames[0]), Header(frame_id=recording.frame_id)
    return {
        "image": image_message(frame.image, "rgb8", header),
        "depth": depth_message(frame.depth, header),
        "camera_info": camera_info_message(frame.camera, header),
    }


@pytest.mark.skipif(not (MODEL / "config.json").is_file(), reason="the model is not there")
def test_the_shipped_model_answers_the_demos_queries(context, peer):
    pytest.importorskip("annexe_ros.inference.annexe", reason="PyTorch is not installed")
    questions = read_questions(RECORDING / "queries.yaml")
    overrides = [Parameter("model", value=str(MODEL)), Parameter("query_timeout", value=120.0)]
    with spinning(PerceptionNode(context=context, parameter_overrides=overrides)):
        peer.wait_until(lambda: "not configured" not in peer.ask().message)
        for question in questions:
            response = peer.ask(question.query, **image_fields())
            assert response.success, response.message
            mask = pixels_from_message(response.mask)
            for target in response.answer.objects:
                found = bool(target.mask_value) and bool(np.any(mask == target.mask_value))
                assert found == bool(target.mask_value) == bool(target.roi.width)
            assert response.answer.has_target == bool(response.answer.objects)


@pytest.mark.skipif(not (MODEL / "config.json").is_file(), reason="the model is not there")
def test_the_shipped_model_is_right_about_most_of_the_demos_queries():
    engine = pytest.importorskip("annexe_ros.inference.annexe", reason="PyTorch is not installed").AnnexeEngine(MODEL)
    recording = Recording.open(RECORDING)
    frame = recording.read(recording.frames[0])
    questions = read_questions(RECORDING / "queries.yaml")
    right = [engine.interpret(frame, Query(question.query)).answer == question.expected for question in questions]
    assert sum(right) >= 0.7 * len(questions)
