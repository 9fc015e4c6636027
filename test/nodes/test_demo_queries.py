"""The queries of the shipped recordings fit what is to be seen in every frame."""

import json
from pathlib import Path

import pytest

pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from annexe_ros.core import NO_TARGET_ANSWER
from annexe_ros.data.recording import Recording
from annexe_ros.data.scenes.truth import SceneTruth
from annexe_ros.nodes.query_client import read_questions

pytestmark = pytest.mark.ros

RECORDING = Path(__file__).parents[2] / "examples" / "recordings" / "head_camera"
QUESTIONS = read_questions(RECORDING / "queries.yaml")


def truths():
    paths = (RECORDING / "scene" / f"{entry.id}.json" for entry in Recording.open(RECORDING).frames)
    return [SceneTruth.from_json(json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def test_every_kind_of_query_is_asked():
    expected = [question.expected for question in QUESTIONS]
    assert len(QUESTIONS) >= 6
    assert any(" and " in answer for answer in expected)
    assert any(answer.endswith(" hand") for answer in expected)
    assert NO_TARGET_ANSWER in expected
    assert len(set(expected)) < len(expected)  # one is asked again in other words


def test_what_is_expected_is_in_view_all_the_time():
    for truth in truths():
        visible = {item.label for item in truth.instances if item.visible_pixels > 100}
        for question in QUESTIONS:
            if question.expected != NO_TARGET_ANSWER:
                assert set(question.expected.split(" and ")) <= visible, (truth.id, question.query)


def test_what_hands_do_does_not_change():
    seen = {tuple((item.label, item.touched_by, item.touches) for item in truth.instances) for truth in truths()}
    assert len(seen) == 1
