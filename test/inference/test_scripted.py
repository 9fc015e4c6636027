import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import NO_TARGET_ANSWER, Frame, Hands, Progress, Query, Role, Stage
from annexe_ros.core.errors import CancelledError, DatasetFormatError, EngineError
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget

FRAME = Frame(np.zeros((40, 60, 3), np.uint8))


def test_by_default_a_mug_is_in_the_centre():
    reply = ScriptedEngine().interpret(FRAME, Query("anything"))
    (mug,) = reply.objects
    assert (reply.answer, mug.label, mug.role, mug.touched_by, mug.active) == (
        "mug", "mug", Role.OBJECT, Hands.RIGHT, True,
    )  # fmt: skip
    rows, columns = np.nonzero(reply.mask(mug))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (15, 24, 22, 37)
    assert [latency.stage for latency in reply.latencies] == ["analyse", "answer", "ground"]


@given(height=st.integers(1, 90), width=st.integers(1, 90))
def test_the_label_image_has_the_frames_size(height: int, width: int):
    reply = ScriptedEngine().interpret(Frame(np.zeros((height, width, 3), np.uint8)), Query("?"))
    assert reply.label_image.shape == (height, width)


def test_a_query_without_target_has_no_objects():
    script = Script({"Is there a  Lamp?": ScriptedReply("An empty table.", ())})
    reply = ScriptedEngine(script).interpret(FRAME, Query("is there a lamp?"))
    assert (reply.answer, reply.has_target, reply.objects) == (NO_TARGET_ANSWER, False, ())
    assert not reply.label_image.any()


def test_only_what_is_wanted_is_done():
    reply = ScriptedEngine().interpret(FRAME, Query("?", want_analysis=False, want_mask=False))
    assert reply.analysis == ""
    assert [target.mask_value for target in reply.objects] == [0]
    assert not reply.label_image.any()
    assert [latency.stage for latency in reply.latencies] == ["answer"]


def test_the_hand_wins_where_masks_overlap():
    everywhere = (0.0, 0.0, 1.0, 1.0)
    targets = (ScriptedTarget("right hand", (0.0, 0.0, 0.5, 1.0)), ScriptedTarget("mug", everywhere))
    reply = ScriptedEngine(Script(otherwise=ScriptedReply("", targets))).interpret(FRAME, Query("?"))
    assert (reply.label_image[:, :30] == 1).all()
    assert (reply.label_image[:, 30:] == 2).all()


def test_stages_and_words_are_reported_as_they_come():
    heard: list[tuple[Stage, str]] = []
    script = Script(otherwise=ScriptedReply("A hand waits.", (ScriptedTarget("mug"),)))
    ScriptedEngine(script).interpret(FRAME, Query("?"), Progress(on_text=lambda *said: heard.append(said)))
    assert heard == [
        (Stage.ANALYSE, ""),
        *((Stage.ANALYSE, word) for word in ("A", " hand", " waits.")),
        (Stage.ANSWER, ""),
        (Stage.ANSWER, "mug"),
        (Stage.GROUND, ""),
    ]


def test_cancelling_is_honoured_between_words():
    heard: list[str] = []
    progress = Progress(on_text=lambda _, text: heard.append(text), cancelled=lambda: "hand" in "".join(heard))
    with pytest.raises(CancelledError):
        ScriptedEngine().interpret(FRAME, Query("?"), progress)
    assert "".join(heard) == "The right hand"


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_can_be_told_to_fail(stage: Stage):
    engine = ScriptedEngine(Script(failures={stage: MemoryError("out of memory")}))
    with pytest.raises(MemoryError, match="out of memory"):
        engine.interpret(FRAME, Query("?"))


@pytest.mark.parametrize("kind", [EngineError, MemoryError, RuntimeError])
def test_one_query_can_be_told_to_fail(tmp_path: Path, kind: type[Exception]):
    path = tmp_path / "failing.json"
    path.write_text(json.dumps({"replies": {"fail": {"failures": {"ground": {kind.__name__: "too much"}}, "targets": [
        {"label": "mug"}]}}}))  # fmt: skip
    engine = ScriptedEngine(Script.from_file(path))
    for _ in range(2):
        with pytest.raises(kind, match="too much"):
            engine.interpret(FRAME, Query("fail"))
        assert engine.interpret(FRAME, Query("anything else")).has_target


def test_a_stage_can_be_told_to_take_its_time():
    reply = ScriptedEngine(Script(stage_delay_s=0.01)).interpret(FRAME, Query("?"))
    assert all(latency.ms >= 10 for latency in reply.latencies)


def test_a_script_is_read_from_json(tmp_path: Path):
    path = tmp_path / "two.json"
    target = {"label": "bowl", "box": [0.5, 0.5, 0.25, 0.25], "touched_by": ["left", "right"], "score": 0.5}
    path.write_text(
        json.dumps({"replies": {"bowl?": {"targets": [target]}}, "failures": {"analyse": "the GPU is gone"}})
    )
    engine = ScriptedEngine(Script.from_file(path))
    (bowl,) = engine.interpret(FRAME, Query("bowl?", want_analysis=False)).objects
    assert (bowl.label, bowl.touched_by, bowl.score) == ("bowl", Hands.LEFT | Hands.RIGHT, 0.5)
    with pytest.raises(EngineError, match="the GPU is gone"):
        engine.interpret(FRAME, Query("bowl?"))


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        '{"otherwise": {"targets": [{}]}}',
        '{"otherwise": {"targets": [{"label": "mug", "box": [0, 0, 2, 1]}]}}',
        '{"otherwise": {"targets": [{"label": "mug", "touched_by": ["third"]}]}}',
        '{"failures": {"dance": "tired"}}',
        '{"failures": {"answer": {"SystemExit": "tired"}}}',
        '{"failures": {"answer": {}}}',
        '{"word_delay_s": "soon"}',
        '{"stage_delays": 1}',
    ],
)
def test_a_damaged_script_is_refused_by_name(tmp_path: Path, text: str):
    path = tmp_path / "damaged.json"
    path.write_text(text)
    with pytest.raises(DatasetFormatError, match=r"damaged\.json: is not a script"):
        Script.from_file(path)


def test_the_shipped_script_is_read():
    script = Script.from_file(Path(__file__).parents[2] / "config" / "script.json")
    assert script.reply_to("segment the hands and objects in interaction.").answer == "right hand and mug"
    assert script.reply_to("Is there a lamp?").answer == NO_TARGET_ANSWER


def test_a_missing_script_is_refused_by_name(tmp_path: Path):
    with pytest.raises(DatasetFormatError, match="No such file"):
        Script.from_file(tmp_path / "nowhere.json")
