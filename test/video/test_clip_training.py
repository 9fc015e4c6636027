"""Contrastive training: batches, both objectives, going on after a stop, LoRA, and that it learns."""

import json
import shutil

import numpy as np
import pytest
import torch

from annexe_ros.core.errors import CheckpointError, DatasetFormatError
from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.data.clips.dataset import ClipFolder, RenderedClip, write_clip
from annexe_ros.data.clips.vocabulary import NOUNS
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.training import run as training
from annexe_ros.video.training.ablation import Variant, evaluate_folder, run_ablation, table
from annexe_ros.video.training.batches import ClipBatches, every_caption
from annexe_ros.video.training.lora import add_video_lora, merge_video_lora
from annexe_ros.video.training.run import new_encoder, train_clip_encoder
from annexe_ros.video.training.settings import ClipTrainingSettings, Objective

pytestmark = pytest.mark.model
FRAMES, SIDE = 16, 32


def clip(number):
    """Return a square that goes up (pick up) or to the right (push), red for a mug and blue for a bowl."""
    verb, noun = ("pick up", "push")[number % 2], ("mug", "bowl")[number // 2 % 2]
    rng = np.random.default_rng(number)
    frames = rng.integers(90, 110, (FRAMES, SIDE, SIDE, 3)).astype(np.uint8)
    for time in range(FRAMES):
        row, column = (20 - time, 4) if verb == "pick up" else (20, 4 + time)
        frames[time, row : row + 8, column : column + 8] = (200, 30, 30) if noun == "mug" else (30, 30, 200)
    boxes = ((0.0, 0.0, 1.0, 1.0),) * FRAMES
    holds = (True,) * FRAMES
    annotation = ClipAnnotation(f"C{number:02d}", verb, noun, "right", word(rng, verb, noun), 8.0, boxes, boxes, holds)
    return RenderedClip(frames, annotation)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    for folder in ("frames", "annotations"):
        (root / folder).mkdir()
    for number in range(8):
        write_clip(root, clip(number))
    return root


@pytest.fixture(autouse=True)
def small_frames(monkeypatch):
    """Let the encoder see frames of 32 pixels."""

    def tiny(stem, vocabulary_size, motion_adapters=True):
        config = encoder_configuration(stem, vocabulary_size, motion_adapters)
        config.frame_size = config.vision_config.image_size = SIDE
        config.vision_config.patch_size = SIDE // 2
        return config

    encoder_configuration = training.small_clip_encoder
    monkeypatch.setattr(training, "small_clip_encoder", tiny)


def settings(clips, out, **changes):
    facts = {"steps": 4, "batch_size": 4, "warmup_steps": 1, "save_every": 2, "log_every": 2}
    return ClipTrainingSettings(clips, out, **(facts | changes))


def weights(folder):
    return {name: value.float() for name, value in ClipEncoder.load(folder).model.state_dict().items()}


def batches(clips, **changes):
    folder = ClipFolder(clips)
    maps = np.arange(8 * FRAMES, dtype=np.float16).reshape(8, FRAMES, 1, 1, 1)
    facts = {"batch_size": 4, "negatives": 3, "show_backwards": True, "seed": 0}
    return ClipBatches(maps, [folder.annotation(k) for k in range(8)], **(facts | changes))


def test_one_pass_shows_every_clip_both_ways(clips):
    shown = torch.cat([batches(clips)[step].maps[:, 0].flatten() for step in range(4)])
    assert sorted(shown.tolist()) == sorted(
        [k * FRAMES for k in range(8)] + [k * FRAMES + FRAMES - 1 for k in range(8)]
    )


def test_a_batch_depends_on_seed_and_step_alone(clips):
    first, again = batches(clips)[5], batches(clips)[5]
    assert first.captions == again.captions
    assert torch.equal(first.maps, again.maps)
    assert not torch.equal(first.maps, batches(clips, seed=1)[5].maps)


def test_captions_say_what_is_shown_and_negatives_do_not(clips):
    made = batches(clips)[0]
    for caption, negatives, nouns, film in zip(made.captions, made.negatives, made.nouns, made.maps, strict=True):
        number, turned = int(film.min()) // FRAMES, bool(film[0] > film[-1])
        truth = clip(number).backwards().annotation if turned else clip(number).annotation
        assert truth.noun == NOUNS[int(nouns.argmax())]
        assert caption in every_caption()
        assert len(negatives) == 6
        assert caption not in negatives


@pytest.mark.parametrize("objective", list(Objective))
def test_a_stopped_run_ends_as_if_it_had_not_been(clips, tmp_path, objective):
    whole = train_clip_encoder(settings(clips, tmp_path / "whole", objective=objective))
    run = training._Run(settings(clips, tmp_path / "parts", objective=objective), resume=False)
    run.settings.out.mkdir()
    for _ in range(2):
        run._train_step(run.batches[run.step])
        run.step += 1
    run._save()
    parts = train_clip_encoder(settings(clips, tmp_path / "parts", objective=objective), resume=True)
    assert all(torch.equal(value, weights(parts)[name]) for name, value in weights(whole).items())


def test_a_run_that_goes_on_otherwise_is_told_how(clips, tmp_path):
    told = []
    train_clip_encoder(settings(clips, tmp_path), say=told.append)
    train_clip_encoder(settings(clips, tmp_path, log_every=1), resume=True, say=told.append)
    assert not told
    later = settings(clips, tmp_path, steps=8, learning_rate=2e-2, objective=Objective.INFO_NCE)
    train_clip_encoder(later, resume=True, say=told.append)
    assert told == ["the run goes on, but not as if it had never been stopped: objective was egonce++, is infonce; "
                    "steps was 4, is 8; learning_rate was 0.001, is 0.02"]  # fmt: skip


def test_a_run_goes_on_with_its_new_learning_rate(clips, tmp_path):
    train_clip_encoder(settings(clips, tmp_path))
    changed = settings(clips, tmp_path, steps=8, learning_rate=2e-2, text_rate=0.5)
    resumed, fresh = (training._Run(changed, resume) for resume in (True, False))
    for _ in range(4):
        fresh.optimizer.step()
        fresh.schedule.step()
    assert resumed.step == 4
    assert resumed.schedule.get_last_lr() == fresh.schedule.get_last_lr()


def test_another_encoder_cant_go_on(clips, tmp_path):
    train_clip_encoder(settings(clips, tmp_path, steps=1))
    with pytest.raises(CheckpointError, match=r"another encoder \(motion_adapters was True, is False\)"):
        train_clip_encoder(settings(clips, tmp_path, steps=1, motion_adapters=False), resume=True)


def test_a_curve_has_every_step_once(clips, tmp_path):
    def steps_logged():
        return [json.loads(row)["step"] for row in (tmp_path / "log.jsonl").read_text().splitlines()]

    def die(step, _):
        if step == 5:
            raise KeyboardInterrupt

    plan = settings(clips, tmp_path, steps=6, save_every=3, log_every=1)
    with pytest.raises(KeyboardInterrupt):
        train_clip_encoder(plan, follow=die)
    assert steps_logged() == [1, 2, 3, 4]
    train_clip_encoder(plan, resume=True)
    assert steps_logged() == [1, 2, 3, 4, 5, 6]
    train_clip_encoder(settings(clips, tmp_path, steps=2, log_every=1))
    assert steps_logged() == [1, 2]


def test_maps_that_cannot_be_kept_beside_the_clips_are_told(clips, tmp_path):
    data = shutil.copytree(clips, tmp_path / "clips", ignore=shutil.ignore_patterns("maps"))
    (data / "maps").touch()
    with pytest.raises(DatasetFormatError, match="can't be made"):
        train_clip_encoder(settings(data, tmp_path / "out"))


def test_lora_teaches_adapters_and_is_merged(clips, tmp_path):
    pytest.importorskip("peft", reason="peft is not installed")
    base = train_clip_encoder(settings(clips, tmp_path / "base"))
    tuned = train_clip_encoder(settings(clips, tmp_path / "tuned", start_from=base, lora_rank=2))
    before, after = weights(base), weights(tuned)
    assert before.keys() == after.keys()
    assert not torch.equal(*(w["vision_model.encoder.layers.0.mlp.fc1.weight"] for w in (before, after)))
    assert torch.equal(*(w["vision_model.embeddings.patch_embedding.weight"] for w in (before, after)))


def test_lora_learns_little(clips, tmp_path):
    pytest.importorskip("peft", reason="peft is not installed")
    encoder = new_encoder(settings(clips, tmp_path))
    counts = add_video_lora(encoder.model, 2)
    tower = encoder.model.vision_model
    learning = [name for name, weight in tower.named_parameters() if weight.requires_grad]
    assert counts["learning"] < counts["all"]
    assert any("lora_A" in name for name in learning)
    assert not any("patch_embedding" in name or "base_layer" in name for name in learning)
    merge_video_lora(encoder.model)
    assert not any("lora" in name for name in encoder.model.state_dict())


def test_an_ablation_is_a_table_of_its_runs(clips, tmp_path):
    variants = (Variant("a", Objective.INFO_NCE), Variant("b c", Objective.EGO_NCE_PLUS, motion_adapters=False))
    told = []
    found = run_ablation(settings(clips, tmp_path, steps=1), clips, [0], told.append, variants)
    assert run_ablation(settings(clips, tmp_path, steps=1), clips, [0], told.append, variants) == found
    assert len(ClipEncoder.load(tmp_path / "b_c_0").model.adapters) == 0
    assert set(found["a"][0]) == {"hoi", "shuffled"}
    assert table(found).count("\n") == 4


def test_bfloat16_computes_and_float32_is_kept(clips, tmp_path):
    run = training._Run(settings(clips, tmp_path, bfloat16=True), resume=False)
    assert np.isfinite(run._train_step(run.batches[0]))
    assert run.model.visual_projection.weight.dtype == torch.float32


@pytest.mark.slow
def test_it_learns_what_moves_and_where_to(clips, tmp_path):
    torch.manual_seed(0)
    folder = train_clip_encoder(settings(clips, tmp_path, steps=120, batch_size=8, warmup_steps=5, learning_rate=3e-3))
    figures = evaluate_folder(ClipEncoder.load(folder), ClipFolder(clips))
    assert figures["hoi"]["verb"] == figures["hoi"]["noun"] == 1
    assert figures["shuffled"]["verb"] < 0.8
