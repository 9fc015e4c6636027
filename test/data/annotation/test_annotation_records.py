"""What becomes of an engine's replies in a training set, and how a query is put."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")

from annotated import picture

from annexe_ros.core import Frame, Query
from annexe_ros.data.annotation.training_set import frame_records, wordings_of
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget


def reply(*targets):
    """Return a reply whose targets are (label, box, score)."""
    script = ScriptedReply("The hand holds a mug.", tuple(ScriptedTarget(n, box, score=s) for n, box, s in targets))
    return ScriptedEngine(Script(otherwise=script)).interpret(Frame(picture(0)), Query("?"))


LEFT, RIGHT, SMALL = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0), (0.55, 0.1, 0.2, 0.2)


def records_of(*replies, **options):
    records, mask = frame_records("x", replies, [("Which?",)] * len(replies), **options)
    asked = [record for record in records if record["questions"][0]["query"] == "Which?"]
    return [(record["answer"], record["masks_idx"]) for record in asked], mask


def test_one_mask_holds_the_objects_of_all_replies():
    first = reply(("mug", LEFT, 1.0), ("right hand", RIGHT, 1.0))
    second = reply(("right hand", RIGHT, 1.0), ("mug", SMALL, 1.0))  # another mug, whose place the hand has
    records, mask = records_of(first, reply(("mug", LEFT, 1.0)), second, reply())
    assert records == [
        ("mug and right hand", [1, 2, 0, 0]), ("mug", [1, 0, 0, 0]), ("There is no suitable target.", [0, 0, 0, 0]),
    ]  # fmt: skip
    assert (mask[:, :32] == 1).all()
    assert (mask[:, 32:] == 2).all()


def test_what_the_teacher_is_not_sure_of_does_not_teach():
    records, mask = records_of(reply(("mug", LEFT, 0.4)), reply(("bowl", RIGHT, 0.6)), min_score=0.5)
    assert records == [("bowl", [1, 0, 0, 0])]
    assert set(np.unique(mask)) == {0, 1}


def test_more_targets_than_slots_make_no_record():
    many = [(name, (0.2 * n, 0.0, 0.2, 1.0), 1.0) for n, name in enumerate(("mug", "cup", "bowl", "pan", "lid"))]
    assert records_of(reply(*many))[0] == []


def test_commands_are_put_in_several_ways():
    assert wordings_of("Find the mug. | mug") == (
        "Find the mug.", "mug", "Find the mug", "find the mug.", "Please find the mug.", "Can you find the mug?",
    )  # fmt: skip
