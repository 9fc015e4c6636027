"""Breakdown, failures and the page that shows them."""

import base64
import re

import cv2
import numpy as np
import pytest

from annexe_ros.core import Frame, GroundedObject, Interpretation, role_of
from annexe_ros.data.ego_irgbench import Record
from annexe_ros.evaluation.breakdown import breakdown
from annexe_ros.evaluation.gallery import Gallery
from annexe_ros.evaluation.grounding import Overlap, overlap
from annexe_ros.evaluation.interaction import Findings
from annexe_ros.evaluation.page import page
from annexe_ros.evaluation.report import EvaluationReport, ImageRow, QueryRow

MASK = np.zeros((48, 64), np.uint8)
MASK[10:30, 5:25], MASK[20:44, 35:60] = 1, 2
NAMES = {1: "left hand", 2: "mug"}

NOTHING_FOUND = Findings(0, 0, 0, 0, 0)


def row(targets, answer, ious=(), image="a", has_target=None, query="what?"):
    kind = "none" if not targets else "single" if len(targets) == 1 else "multi"
    found = bool(targets) if has_target is None else has_target
    union = 100 * len(targets)
    fit = Overlap(int(100 * sum(ious)), union, tuple(ious), 1.0)
    reference = " and ".join(targets) or "There is no suitable target."
    return QueryRow(image, query, kind, tuple(targets), reference, answer, found, 0.9, fit, NOTHING_FOUND, 1.0)


ROWS = (
    row(["left hand"], "left hand", [0.8]),
    row(["mug"], "bowl", [0.4]),
    row(["left hand", "mug"], "left hand and mug", [1.0, 0.5], image="b"),
    row([], "mug", has_target=True, image="b"),
)


def test_queries_are_told_apart_by_kind_subject_and_name():
    groups = breakdown(ROWS)
    assert {name: figures["n"] for name, figures in groups["kind"].items()} == {"single": 2, "multi": 1, "none": 1}
    assert groups["kind"]["single"]["exact"] == 0.5
    assert groups["kind"]["none"]["indicator"] == 0
    assert groups["kind"]["none"]["ciou"] is groups["kind"]["none"]["per_target_iou"] is None
    assert {name: figures["n"] for name, figures in groups["subject"].items()} == {
        "hands": 1, "objects": 1, "hands and objects": 1,
    }  # fmt: skip
    assert groups["name"]["mug"] == {"n": 2, "named": 0.5, "iou": pytest.approx(0.45)}
    assert groups["name"]["left hand"] == {"n": 2, "named": 1.0, "iou": pytest.approx(0.9)}


def test_queries_about_strangers_are_a_group_of_their_own():
    refusal = "There is no suitable target."
    asked = ("Where is the Ironing Board?", "Where are the boards?")
    groups = breakdown([*ROWS, *(row([], refusal, query=query) for query in asked)])
    assert groups["subject"]["strangers"]["n"] == 1
    assert groups["subject"]["strangers"]["exact"] == 1


def test_headline_figures_lie_in_their_intervals():
    figures = EvaluationReport(ROWS, (ImageRow("a", "x", "x", 0.1), ImageRow("b", "y", "z", 0.3))).to_json()
    for part, bounds in figures["intervals"].items():
        for name, interval in bounds.items():
            if interval is not None:
                assert interval[0] <= figures[part][name] <= interval[1]
    assert figures["depth"]["mae"] == pytest.approx(0.2)


def test_questions_without_any_target_have_no_ciou_and_still_a_page():
    pytest.importorskip("jinja2")
    figures = EvaluationReport((row([], "mug", has_target=True),), (ImageRow("a", "x", "x", 0.1),)).to_json()
    assert figures["grounding"]["ciou"] is figures["intervals"]["grounding"]["ciou"] is None
    assert figures["grounding"]["giou"] == 1
    assert "<td>none</td>" in page(figures, (), 0, "model on data")


def shown(gallery, found, answer, query="what?"):
    """Show the gallery a query for both targets, of which the given mask values are found."""
    targets = tuple(NAMES.values())
    record = Record("c", " and ".join(targets), targets, (1, 2), True, (query,))
    objects = tuple(GroundedObject(NAMES[value], value, 1.0, role_of(NAMES[value])) for value in found)
    labels = np.where(np.isin(MASK, found), MASK, 0).astype(np.uint8)
    reply = Interpretation("c", answer, True, 1.0, objects, labels, "e", "m")
    fit = overlap([labels == value for value in found], [MASK == 1, MASK == 2], MASK.shape)
    result = QueryRow("img", query, "multi", targets, record.answer_text, answer, True, 1.0, fit, NOTHING_FOUND, 1.0)
    gallery(Frame(np.full((48, 64, 3), 120, np.uint8)), record, MASK, reply, result)


def test_only_the_worst_failures_are_kept_the_worst_first():
    gallery = Gallery(limit=2)
    shown(gallery, (1, 2), "left hand and mug", "right")
    shown(gallery, (1, 2), "left hand and bowl", "wrong name")
    shown(gallery, (1,), "left hand", "half")
    shown(gallery, (), "nothing", "nothing")
    assert gallery.seen == 3
    assert [failure.row.query for failure in gallery.failures] == ["nothing", "half"]


def test_the_page_stands_alone_and_escapes_what_was_said():
    pytest.importorskip("jinja2")
    gallery = Gallery()
    shown(gallery, (1,), "<b>mug</b>", "a & b?")
    figures = EvaluationReport(ROWS, (ImageRow("a", "x", "x", None),), ("depth: e estimates none",)).to_json()
    html = page(figures, gallery.failures, gallery.seen, "model <x> on data")
    assert "<b>mug</b>" not in html
    assert "a &amp; b?" in html
    assert "other data" in html
    assert "36.02" in html
    assert "<td>46.10</td>" in html
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    assert len(pictures) == 2
    for picture in pictures:
        assert cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_COLOR) is not None
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
