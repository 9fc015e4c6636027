"""The training loop at toy size: it learns, saves what an engine loads, and resumes where it was killed."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil

import numpy as np
import pytest

from annexe_ros.core import Frame, Query
from annexe_ros.core.errors import CheckpointError, DatasetFormatError, ModelNotFoundError, ParameterError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def settings(data, out, **changes):
    from annexe_ros.training.settings import TrainingSettings

    values = {"steps": 4, "batch_size": 2, "queries_per_image": 2, "log_every": 1, "save_every": 2, "warmup_steps": 1}
    values |= {"pixel_budget": 64 * 64, "mixed_precision": "no"}
    return TrainingSettings(data, out, **(values | changes))


def losses_of(folder):
    return {row["step"]: row["total"] for row in map(json.loads, (folder / "log.jsonl").read_text().splitlines())}


def weights_of(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_a_run_learns_and_its_folder_can_be_asked(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.inference.annexe import AnnexeEngine
    from annexe_ros.training.run import train

    out = train(settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, steps=30, learning_rate=3e-3))
    losses = list(losses_of(out).values())
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    image = np.zeros((72, 96, 3), dtype=np.uint8)
    assert AnnexeEngine(out, "cpu").interpret(Frame(image), Query("the mug")).model == "run"


def test_a_new_model_takes_vocabulary_and_words_from_the_data(rectangle_dataset, tmp_path):
    from annexe_ros.data.ego_irgbench import EgoIrgBench
    from annexe_ros.training.run import new_model

    model, processor = new_model(EgoIrgBench(rectangle_dataset), settings(rectangle_dataset, tmp_path))
    assert model.config.labels == ["right hand", "knife", "mug"]
    assert model.config.contact_map
    assert model.language_model.get_input_embeddings().num_embeddings == len(processor.tokenizer)
    assert len(processor.answer_prompt_ids("segment the mug")) <= 8


def test_a_new_model_can_begin_with_published_weights(rectangle_dataset, tmp_path):
    from annexe_ros.data.ego_irgbench import EgoIrgBench
    from annexe_ros.training.run import new_model

    dataset, file = EgoIrgBench(rectangle_dataset), tmp_path / "lite.pth"
    torch.save({"_conv_stem.weight": torch.zeros(32, 3, 3, 3)}, file)
    with pytest.raises(CheckpointError, match=r"lite\.pth: .*'stages\.0\.0\.depthwise\.0\.weight' is the first"):
        new_model(dataset, settings(rectangle_dataset, tmp_path, backbone_weights=file))
    with pytest.raises(CheckpointError, match=r"nothing\.pth"):
        new_model(dataset, settings(rectangle_dataset, tmp_path, backbone_weights=tmp_path / "nothing.pth"))


def test_a_killed_run_goes_on_as_if_nothing_had_happened(rectangle_dataset, tiny_folder, tmp_path, monkeypatch):
    from annexe_ros.training import run

    def plan(name):
        return settings(rectangle_dataset, tmp_path / name, start_from=tiny_folder, steps=6, save_every=3, log_every=2)

    run.train(plan("whole"))
    genuine = run._Run._train_step

    def dies_at_five(self, batches):
        if self.step == 4:
            raise KeyboardInterrupt
        return genuine(self, batches)

    monkeypatch.setattr(run._Run, "_train_step", dies_at_five)
    with pytest.raises(KeyboardInterrupt):
        run.train(plan("killed"))
    assert sorted(losses_of(tmp_path / "killed")) == [2, 4]
    monkeypatch.setattr(run._Run, "_train_step", genuine)
    run.train(plan("killed"), resume=True)
    assert losses_of(tmp_path / "killed") == losses_of(tmp_path / "whole")
    for name, weights in weights_of(tmp_path / "whole").items():
        torch.testing.assert_close(weights_of(tmp_path / "killed")[name], weights, rtol=0, atol=0)


def test_a_kill_while_saving_leaves_the_last_checkpoint(rectangle_dataset, tiny_folder, tmp_path, monkeypatch):
    from annexe_ros.training import checkpoint, run

    plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, steps=4, save_every=2)
    genuine, saves = torch.save, []

    def dies_at_the_second(*arguments):
        saves.append(genuine(*arguments))
        if len(saves) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.torch, "save", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run.train(plan)
    assert checkpoint.latest_checkpoint(plan.out) == plan.out / "checkpoint"
    (plan.out / "checkpoint").rename(plan.out / "checkpoint.previous")
    assert checkpoint.latest_checkpoint(plan.out) == plan.out / "checkpoint.previous"
    assert run._Run(plan, resume=True, console=run.Console(stderr=True)).step == 2


def test_batches_that_are_added_up_teach_what_one_large_batch_teaches(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    # Without batch norm's statistics, which depend on who shares a batch.
    frozen = ("backbone", "coordinates", "pyramid", "dense_heads", "connector", "grounding")
    same = {"start_from": tiny_folder, "frozen": frozen, "steps": 1, "learning_rate": 1e-2, "warmup_steps": 0}
    train(settings(rectangle_dataset, tmp_path / "one", batch_size=4, **same))
    train(settings(rectangle_dataset, tmp_path / "two", batch_size=2, accumulation=2, **same))
    one, two = losses_of(tmp_path / "one")[1], losses_of(tmp_path / "two")[1]
    assert one == pytest.approx(two, rel=0.1)


def test_frozen_parts_stay_as_they_are(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    frozen = ("backbone", "language_model.model.layers.0", "pyramid.lateral")
    plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, frozen=frozen, learning_rate=1e-2)
    before, after = weights_of(tiny_folder), weights_of(train(plan))
    changed = {name for name, weights in before.items() if not torch.equal(weights.half(), after[name])}
    assert not [name for name in changed if name.startswith(frozen)]
    assert {name.split(".")[0] for name in changed} >= {"pyramid", "connector", "grounding"}


@pytest.fixture
def fresh_accelerate():
    """Let accelerate forget the precision that this process began with, before and after."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("fresh_accelerate")
def test_half_precision_computes_and_weights_stay_whole(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import Console, _Run

    plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, mixed_precision="bf16")
    run = _Run(plan, resume=False, console=Console(stderr=True))
    dtypes = []
    run.model.pyramid.register_forward_hook(lambda module, given, made: dtypes.append(made[1].dtype))
    run.loop()
    assert set(dtypes) == {torch.bfloat16}
    assert {weights.dtype for weights in run.model.parameters()} == {torch.float32}
    assert all(np.isfinite(loss) for loss in losses_of(plan.out).values())


@pytest.mark.usefixtures("fresh_accelerate")
@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU computes in fp16")
def test_a_precision_that_cant_be_had_is_refused(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    for precision, sentence in (("fp16", "'fp16' needs a GPU; use bf16"), ("fp7", "'fp7'; use bf16, fp16, no")):
        plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, mixed_precision=precision)
        with pytest.raises(ParameterError, match=sentence):
            train(plan)


def test_a_run_that_goes_on_otherwise_is_told_how(tmp_path):
    from annexe_ros.training.checkpoint import PROGRESS_FILE, other_settings
    from annexe_ros.training.settings import as_text

    before = as_text(settings(tmp_path, tmp_path / "run", batch_size=4, workers=0))
    (tmp_path / PROGRESS_FILE).write_text(json.dumps({"step": 2, "settings": before}))
    assert other_settings(tmp_path, before) == []
    after = as_text(settings(tmp_path, tmp_path / "run", batch_size=2, steps=8, workers=3))
    assert other_settings(tmp_path, after) == ["steps was 4, is 8", "batch_size was 4, is 2"]


def test_how_it_goes_on_is_told_to_the_letter(rectangle_dataset, tiny_folder, tmp_path):
    from rich.console import Console

    from annexe_ros.training.run import train

    console, plan = Console(width=300), settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, steps=1)
    train(plan, console=console)
    moved = shutil.copytree(rectangle_dataset, tmp_path / "[b]")
    with console.capture() as captured:
        train(dataclasses.replace(plan, data=moved), resume=True, console=console)
    assert f"data was {rectangle_dataset}, is {moved}" in captured.get()


def test_the_scale_of_float16_gradients_is_resumed(tiny_model, tiny_processor, tmp_path):
    from transformers import get_constant_schedule

    from annexe_ros.training.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint

    optimizer = torch.optim.AdamW(tiny_model.parameters())
    schedule, scaler = get_constant_schedule(optimizer), torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(torch.ones(1))  # from here on it holds its scale
    save_checkpoint(tmp_path, tiny_model, tiny_processor, optimizer, schedule, scaler, {"step": 3})
    other = torch.amp.GradScaler("cpu")
    assert load_checkpoint(latest_checkpoint(tmp_path), optimizer, schedule, other) == (3, {})
    assert other.get_scale() == 8.0


def test_a_run_whose_parts_learned_otherwise_cant_go_on(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, steps=1)
    train(plan)
    with pytest.raises(CheckpointError, match="is of a run in which other parts learned"):
        train(dataclasses.replace(plan, frozen=("backbone",)), resume=True)


def test_an_unknown_part_cant_be_frozen(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    with pytest.raises(ParameterError, match="can't freeze wheels: the model's parts are backbone"):
        train(settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, frozen=("wheels",)))


def test_the_table_says_what_learns(tiny_model):
    from rich.console import Console

    from annexe_ros.training.parts import freeze, parts_table

    model = copy.deepcopy(tiny_model)
    freeze(model, ["backbone"])
    console = Console(width=100)
    with console.capture() as captured:
        console.print(parts_table(model))
    backbone = next(line for line in captured.get().splitlines() if "backbone" in line)
    assert f"{sum(p.numel() for p in model.backbone.parameters()):,}" in backbone
    assert "frozen" in backbone


def test_the_table_tells_adapters_from_all(tiny_model):
    pytest.importorskip("peft", reason="peft is not installed")
    from annexe_ros.training.parts import add_lora, parts_table

    model = copy.deepcopy(tiny_model)
    add_lora(model, 2)
    row = [name for name, _ in model.named_children()].index("language_model")
    cells = [list(column.cells)[row] for column in parts_table(model).columns]
    learning = sum(p.numel() for p in model.language_model.parameters() if p.requires_grad)
    assert cells[2] == f"{learning:,} (LoRA)"
    assert "LoRA" not in list(parts_table(tiny_model).columns[2].cells)[row]


def test_curves_for_tensorboard(rectangle_dataset, tiny_folder, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from annexe_ros.training.run import train

    out = train(settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, tensorboard=True))
    curves = events.EventAccumulator(str(out / "tensorboard")).Reload()
    assert {"train/mask", "train/answer", "train/total", "train/lr"} <= set(curves.Tags()["scalars"])
    shown = {event.step: event.value for event in curves.Scalars("train/total")}
    assert shown == pytest.approx(losses_of(out), rel=1e-4)


def test_a_curve_that_a_full_disk_has_cut_off_goes_on(tmp_path):
    from annexe_ros.training.curves import Curves

    (tmp_path / "log.jsonl").write_text('{"step": 1, "total": 2}\n{"step": 2, "total": 1}\n{"step": 3, "to')
    curves = Curves(tmp_path, 3, tensorboard=False)
    curves.add(4, 1e-3, {"total": 0.5}, 1.0)
    assert [json.loads(row)["step"] for row in (tmp_path / "log.jsonl").read_text().splitlines()] == [1, 2, 4]


def test_resuming_nothing_is_refused(rectangle_dataset, tmp_path):
    from annexe_ros.training.run import train

    with pytest.raises(ModelNotFoundError, match="has no checkpoint to resume from"):
        train(settings(rectangle_dataset, tmp_path / "none"), resume=True)


def test_missing_data_is_refused(tmp_path):
    from annexe_ros.training.run import train

    with pytest.raises(DatasetFormatError, match="no such folder"):
        train(settings(tmp_path, tmp_path / "out"))


def test_a_worker_names_the_malformed_file(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.run import train

    data = shutil.copytree(rectangle_dataset, tmp_path / "data")
    for file in (data / "dataset_split" / "train").iterdir():
        file.write_text("[]")
    with pytest.raises(DatasetFormatError, match=r"\.json: must hold a list with at least one record$"):
        train(settings(data, tmp_path / "run", start_from=tiny_folder, workers=1))
