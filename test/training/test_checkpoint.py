"""What a run begins with or goes on from: whole or refused in one sentence, and with the settings of now."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from annexe_ros.core.errors import CheckpointError, ModelNotFoundError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@pytest.fixture
def plan(rectangle_dataset, tiny_folder, tmp_path):
    from annexe_ros.training.settings import TrainingSettings

    return TrainingSettings(
        rectangle_dataset, tmp_path / "run", tiny_folder, steps=2, batch_size=2, queries_per_image=2, log_every=1,
        save_every=1, warmup_steps=1, mixed_precision="no",
    )  # fmt: skip


def opened(plan, resume):
    from annexe_ros.training.run import Console, _Run

    return _Run(plan, resume, Console(stderr=True))


@pytest.fixture
def damaged(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "damaged")


def test_a_model_that_lacks_weights_is_refused(damaged):
    from safetensors.torch import load_file, save_file

    from annexe_ros.training.checkpoint import load_model

    file = damaged / "model.safetensors"
    weights = load_file(file)
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("indicator.")}
    save_file(kept, file, {"format": "pt"})
    lost = len(weights) - len(kept)
    with pytest.raises(
        ModelNotFoundError, match=rf"damaged': {lost} of its weights are missing, the first is indicator"
    ):
        load_model(damaged)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.safetensors", b"cut off", r"can't be loaded \(SafetensorError: .+\)"),
        ("model.safetensors", None, r"can't be loaded \(OSError: .*no file named model\.safetensors.*\)"),
        ("tokenizer.json", b"{", r"can't be loaded \(.+\)"),
        ("tokenizer.json", None, r"has no tokenizer\.json"),
        ("config.json", None, r"has no config\.json"),
    ],
)
def test_a_damaged_model_is_refused_in_one_sentence(damaged, name, content, sentence):
    from annexe_ros.training.checkpoint import load_model

    (damaged / name).unlink()
    if content is not None:
        (damaged / name).write_bytes(content)
    with pytest.raises(ModelNotFoundError, match=rf"^model '{damaged}': {sentence}$"):
        load_model(damaged)


@pytest.mark.parametrize("name", ["training_state.pt", "progress.json"])
def test_a_damaged_state_is_refused_by_name(plan, name):
    from annexe_ros.training.run import train

    train(plan)
    (plan.out / "checkpoint" / name).write_bytes(b"cut off")
    with pytest.raises(CheckpointError, match=rf"checkpoint: its {name} is damaged"):
        opened(plan, resume=True)


def rates(run):
    run.schedule.step()
    return [(group["lr"], group["weight_decay"]) for group in run.optimizer.param_groups]


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_run_goes_on_with_the_rates_of_now(plan):
    from annexe_ros.training.run import train

    train(plan)
    now = dataclasses.replace(plan, steps=4, learning_rate=1e-6, encoder_rate=0.5, weight_decay=0.01)
    goes_on, fresh = opened(now, resume=True), opened(now, resume=False)
    assert goes_on.optimizer.param_groups[0]["lr"] == fresh.schedule.base_lrs[0] * 0.75  # one step of cosine behind it
    rates(fresh), rates(fresh)
    assert rates(goes_on) == rates(fresh)


@pytest.mark.parametrize(("name", "value"), [("lora_rank", 8), ("analysis_guided", True)])
def test_a_run_cant_go_on_with_another_model(plan, name, value):
    from annexe_ros.training.checkpoint import PROGRESS_FILE, other_settings
    from annexe_ros.training.settings import as_text

    plan.out.mkdir()
    (plan.out / PROGRESS_FILE).write_text(json.dumps({"step": 2, "settings": as_text(plan)}))
    after = as_text(dataclasses.replace(plan, **{name: value}))
    with pytest.raises(CheckpointError, match=rf"is of a run with another model \({name} was .+, is {value}\)"):
        other_settings(plan.out, after)
