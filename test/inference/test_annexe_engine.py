"""The ANNEXE engine as an Interpreter, on a tiny random model: contracts, not quality."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from annexe_ros.core import NO_TARGET_ANSWER, Frame, GroundedObject, Hands, Progress, Query, Role, Stage
from annexe_ros.core.errors import CancelledError, EngineError, ModelNotFoundError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@pytest.fixture
def engine(tiny_folder):
    from annexe_ros.inference.annexe import AnnexeEngine

    return AnnexeEngine(tiny_folder, "cpu")


@pytest.fixture
def guided_engine(tiny_model, tiny_processor, tmp_path):
    from annexe_ros.inference.annexe import AnnexeEngine
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    config = AnnexeConfig(**tiny_model.config.to_diff_dict() | {"analysis_guided": True})
    AnnexeForEgoIRG(config).save_pretrained(tmp_path)
    tiny_processor.save_pretrained(tmp_path)
    return AnnexeEngine(tmp_path, "cpu")


@pytest.fixture
def sure_engine(engine, monkeypatch):
    """An engine whose model always answers "left hand and mug" and is sure that there is a target."""
    processor, network = engine._processor, engine._network
    script = processor.reply_ids(processor.marked_answer(["left hand", "mug"]))
    genuine = network.language_model.lm_head.forward

    def scripted(states):
        logits = genuine(states)
        if states.ndim == 2 and engine.script:
            logits = torch.full_like(logits, -9.0)
            logits[:, engine.script.pop(0)] = 9.0
        return logits

    def answer(frame, **options):
        engine.script = list(script)
        return engine.interpret(frame, Query("the hands", want_analysis=False, **options))

    engine.script, engine.answer = [], answer
    monkeypatch.setattr(network.language_model.lm_head, "forward", scripted)
    monkeypatch.setattr(network.indicator, "forward", lambda query: query.new_full(query.shape[:-1], 4.0))
    return engine


def frame(height=60, width=90, seed=0):
    return Frame(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


def test_names_become_objects_with_roles_and_exclusive_masks(sure_engine):
    reply = sure_engine.answer(frame())
    assert reply.answer == "left hand and mug"
    assert reply.has_target
    assert [o.label for o in reply.objects] == ["left hand", "mug"]
    assert [o.role.name for o in reply.objects] == ["LEFT_HAND", "OBJECT"]
    assert reply.label_image.shape == (60, 90)
    assert reply.label_image.dtype == np.uint8
    assert set(np.unique(reply.label_image)) <= {0, 1, 2}
    assert all(0 <= o.score <= 1 for o in reply.objects)


def test_masks_cost_nothing_when_not_wanted(sure_engine):
    reply = sure_engine.answer(frame(), want_mask=False)
    assert [o.mask_value for o in reply.objects] == [0, 0]
    assert not reply.label_image.any()


def test_a_model_that_has_not_learned_contact_leaves_it_to_the_masks(sure_engine, monkeypatch):
    """The hand's mask is the left half of the image and the mug's the right one: they meet."""
    halves = torch.full((1, 2, 6, 8), -9.0)
    halves[:, 0, :, :4] = halves[:, 1, :, 4:] = 9.0
    monkeypatch.setattr(sure_engine._network.grounding, "forward", lambda *_: (halves,))
    monkeypatch.setattr(sure_engine._network.config, "contact_map", False)
    hand, mug = sure_engine.answer(frame()).objects
    assert (hand.touched_by, mug.touched_by, mug.active) == (Hands.NONE, Hands.LEFT, True)


def test_an_unsure_indicator_overrules_the_names(sure_engine, monkeypatch):
    monkeypatch.setattr(sure_engine._network.indicator, "forward", lambda query: query.new_full(query.shape[:-1], -4.0))
    reply = sure_engine.answer(frame())
    assert not reply.has_target
    assert reply.answer == NO_TARGET_ANSWER
    assert reply.objects == ()
    assert reply.target_score < 0.5


def test_a_sure_indicator_overrules_the_refusal(sure_engine, monkeypatch):
    processor, head = sure_engine._processor, sure_engine._network.language_model.lm_head
    sure_engine.script = processor.reply_ids(processor.marked_answer(["mug"]))
    scripted, whole = head.forward, len(sure_engine.script)

    def doubtful(states):
        first = len(sure_engine.script) == whole
        logits = scripted(states)
        logits[0, sure_engine._refusal] = 10.0 if first else -9.0  # at first likelier than what the script says
        return logits

    monkeypatch.setattr(head, "forward", doubtful)
    reply = sure_engine.interpret(frame(), Query("the mug", want_analysis=False, want_mask=False))
    assert (reply.has_target, reply.answer) == (True, "mug")


def test_a_follow_up_query_pays_no_vision(engine):
    same = frame()
    first = engine.interpret(same, Query("the mug"))
    second = engine.interpret(same, Query("the hand"))
    stages = [latency.stage for latency in second.latencies]
    assert {"encode", "prefill", "analyse"} <= {latency.stage for latency in first.latencies}
    assert not {"encode", "prefill", "analyse"} & set(stages)
    assert second.analysis == first.analysis


def test_the_same_frame_and_query_give_the_same_reply_whatever_came_before(engine):
    one, other = frame(seed=1), frame(seed=2)
    first = engine.interpret(one, Query("the mug"))
    engine.interpret(other, Query("the knife"))
    again = engine.interpret(one, Query("the mug"))
    assert again.answer == first.answer
    assert again.target_score == pytest.approx(first.target_score, abs=1e-6)
    assert np.array_equal(again.label_image, first.label_image)


def test_a_batch_is_answered_like_its_queries_alone_and_each_frame_is_encoded_once(engine, monkeypatch):
    from annexe_ros.inference.batching import BatchItem

    frames = [frame(seed=seed) for seed in range(6)]
    alone = [engine.interpret(each, Query("the mug")) for each in frames]
    engine._seeing.forget()
    sizes, encode = [], engine._network.encode_image
    monkeypatch.setattr(engine._network, "encode_image", lambda pixels: sizes.append(len(pixels)) or encode(pixels))
    gone = BatchItem(frames[0], Query("the hand"), Progress(cancelled=lambda: True))
    *replies, error = engine.interpret_batch([*(BatchItem(each, Query("the mug")) for each in frames), gone])
    assert sizes == [6]
    assert [reply.answer for reply in replies] == [reply.answer for reply in alone]
    assert [reply.analysis for reply in replies] == [reply.analysis for reply in alone]
    assert isinstance(error, CancelledError)


def test_an_analysis_guided_model_analyses_even_unasked(guided_engine):
    reply = guided_engine.interpret(frame(), Query("the mug", want_analysis=False))
    assert reply.analysis == ""
    assert "analyse" in {latency.stage for latency in reply.latencies}


def test_progress_reports_stages_and_text(engine):
    heard = []
    reply = engine.interpret(
        frame(), Query("the mug"), Progress(on_text=lambda stage, text: heard.append((stage, text)))
    )
    assert heard[0] == (Stage.ANALYSE, "")
    assert (Stage.ANSWER, "") in heard
    assert "".join(text for stage, text in heard if stage is Stage.ANALYSE) == reply.analysis


@pytest.mark.parametrize("patience", [0, 1, 5])
def test_cancel_is_honoured_between_tokens(engine, patience):
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > patience

    with pytest.raises(CancelledError):
        engine.interpret(frame(), Query("the mug"), Progress(cancelled=cancelled))
    assert len(asked) == patience + 1


def test_relative_depth_has_the_frames_size(engine):
    depth = engine.estimate_depth(frame())
    assert depth.shape == (60, 90)
    assert depth.min() >= 0
    assert depth.max() <= 1


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_an_incomplete_folder_is_refused_by_name(tiny_folder, tmp_path, missing):
    from annexe_ros.inference.annexe import AnnexeEngine

    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / missing).unlink()
    with pytest.raises(ModelNotFoundError, match=missing):
        AnnexeEngine(folder, "cpu")


def test_damaged_weights_are_refused(tiny_folder, tmp_path):
    from annexe_ros.inference.annexe import AnnexeEngine

    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelNotFoundError, match="can't be loaded"):
        AnnexeEngine(folder, "cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(tiny_folder, device):
    from annexe_ros.inference.annexe import AnnexeEngine

    if device.startswith("cuda") and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(EngineError, match=device):
        AnnexeEngine(tiny_folder, device)


def test_a_name_said_twice_counts_once_unless_there_are_two():
    from annexe_ros.inference.grounding import without_echoes

    def lamps(*values):
        return tuple(GroundedObject("lamp", value, 1.0, Role.OBJECT) for value in values)

    assert [target.mask_value for target in without_echoes(lamps(1, 0))] == [1]
    assert [target.mask_value for target in without_echoes(lamps(1, 2))] == [1, 2]
    assert [target.mask_value for target in without_echoes(lamps(0, 0))] == [0]  # masks weren't asked for


@pytest.mark.parametrize(("gap", "values"), [(0, {0, 1}), (2, {0, 1}), (3, {0, 1, 2})])
def test_one_thing_under_two_values_is_joined_and_two_things_stay_two(gap, values):
    from annexe_ros.inference.grounding import joined_echoes

    labels = np.zeros((20, 40), dtype=np.uint8)
    labels[5:15, 5:15], labels[5:15, 15 + gap : 30] = 1, 2
    joined = joined_echoes(labels, ["mug", "mug"])
    assert set(np.unique(joined)) == values
    assert np.array_equal(joined > 0, labels > 0)
    assert np.array_equal(joined_echoes(labels, ["mug", "bowl"]), labels)


def test_a_survey_names_what_the_label_map_shows(engine, monkeypatch):
    from annexe_ros.core import Surveyor

    assert isinstance(engine, Surveyor)
    heads = engine._network.dense_heads
    genuine, names = heads.forward, engine._network.config.labels

    def planted(fine):
        depth, labels, contact = genuine(fine)
        labels[:], contact[:] = -4.0, -4.0
        labels[:, 0] = 0.0
        labels[:, 1 + names.index("mug"), :, :3] = 4.0
        labels[:, 1 + names.index("right hand"), :, -3:] = 4.0
        contact[:, 1, :, :3] = 4.0
        return depth, labels, contact

    monkeypatch.setattr(heads, "forward", planted)
    reply = engine.survey(frame(), want_analysis=False)
    assert sorted(target.label for target in reply.objects) == ["mug", "right hand"]
    assert reply.label_image.shape == (60, 90)
    assert {target.mask_value for target in reply.objects} == set(np.unique(reply.label_image)) - {0}
    mug = next(target for target in reply.objects if target.label == "mug")
    assert reply.mask(mug)[:, 2].all()
    assert not reply.mask(mug)[:, 45].any()
    if engine._network.config.contact_map:
        assert mug.touched_by == Hands.RIGHT
    assert (reply.analysis, reply.has_target) == ("", True)


def test_a_survey_describes_only_where_that_is_wanted(engine):
    seen = frame()
    assert engine.survey(seen, want_analysis=False).analysis == ""
    described = engine.survey(seen)
    assert "analyse" in {latency.stage for latency in described.latencies}
    assert "analyse" not in {latency.stage for latency in engine.survey(seen).latencies}
