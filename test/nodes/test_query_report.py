import io
import json

import cv2
import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from annexe_ros.core.errors import DatasetFormatError, Status
from annexe_ros.msg import InteractionAnswer, InteractionObject, StageLatency
from annexe_ros.nodes.query_client import read_questions
from annexe_ros.nodes.query_report import Asked, Question, results_table, write_results
from annexe_ros.ros.images import image_message
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros


def answered(expected=""):
    mug = InteractionObject(label="mug", mask_value=1, score=0.9, has_pose=True)
    mug.pose.pose.position.z = 0.75
    answer = InteractionAnswer(
        query="what?", answer="mug", target_score=0.8, objects=[mug], latencies=[StageLatency(stage="answer", ms=2.5)]
    )
    response = EgoQuery.Response(success=True, answer=answer)
    labels = np.eye(4, 6, dtype=np.uint8)
    response.mask = image_message(labels, "mono8", Header())
    overlay = image_message(np.full((4, 6, 3), (255, 0, 0), np.uint8), "rgb8", Header())
    return Asked(
        Question("what?", "single target", expected),
        response,
        123.4,
        overlay,
        MarkerArray(markers=[Marker(text="mug")]),
    )


FAILED = Asked(Question("why?"), EgoQuery.Response(status=int(Status.BUSY), message="8 queries are waiting"), 2.0)


def test_the_table_tells_answers_and_failures():
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(results_table([answered(), FAILED], "answers"))
    text = console.export_text()
    for part in ("what?", "single target", "mug", "0.80", "+0.75", "123", "8 queries are waiting"):
        assert part in text


@pytest.mark.parametrize(("expected", "told"), [("", False), ("mug", False), ("knife", True)])
def test_an_unexpected_answer_is_told(expected, told):
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(results_table([answered(expected)], "answers"))
    assert ("expected: knife" in console.export_text()) == told


def test_brackets_in_names_are_shown_as_they_are():
    asked = answered()
    asked.response.answer.objects[0].label = "mug [/red] [b]"
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(results_table([asked], "answers of [/annexe]"))
    text = console.export_text()
    assert "mug [/red] [b]" in text
    assert "answers of [/annexe]" in text


def test_files_are_written_per_query(tmp_path):
    write_results([answered(), FAILED], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "01_markers.json", "01_mask.png", "01_overlay.png", "results.json",
    ]  # fmt: skip
    assert (cv2.imread(str(tmp_path / "01_overlay.png")) == (0, 0, 255)).all()
    mask = cv2.imread(str(tmp_path / "01_mask.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(mask, np.eye(4, 6))
    assert json.loads((tmp_path / "01_markers.json").read_text())["markers"][0]["text"] == "mug"
    first, second = json.loads((tmp_path / "results.json").read_text())
    assert (first["overlay"], first["answer"]["objects"][0]["label"]) == ("01_overlay.png", "mug")
    assert (second["success"], second["message"], "overlay" in second) == (False, "8 queries are waiting", False)


def test_questions_are_read_with_and_without_notes(tmp_path):
    path = tmp_path / "queries.yaml"
    path.write_text("- what?\n- query: why?\n  note: none\n  expected: mug\n")
    assert read_questions(path) == [Question("what?"), Question("why?", "none", "mug")]


@pytest.mark.parametrize(
    "text",
    ["5", "- {note: x}", "[", "- [7]", "- {query: x, kind: y}", "what?\nwhy?", "queries: [what?]", "- {query: 5}", ""],
)
def test_what_is_no_list_of_questions_is_refused(tmp_path, text):
    path = tmp_path / "queries.yaml"
    path.write_text(text)
    with pytest.raises(DatasetFormatError, match="is not a list of queries"):
        read_questions(path)


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(DatasetFormatError, match="can't be read"):
        read_questions(tmp_path / "nothing.yaml")
