"""The training loop at toy size: it learns, saves what an engine loads, and resumes where it was killed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annexe_ros.core import Frame, Query
from annexe_ros.core.errors import DatasetFormatError, ModelNotFoundError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def settings(data, out, **changes):
    from annexe_ros.training.run import TrainingSettings

    values = {"steps": 4, "batch_size": 2, "queries_per_image": 2, "log_every": 1, "save_every": 2, "warmup_steps": 1}
    return TrainingSettings(data, out, pixel_budget=64 * 64, mixed_precision="no", **(values | changes))


def losses_of(folder):
    return {row["step"]: row["total"] for row in map(json.loads, (folder / "log.jsonl").read_text().splitlines())}


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


def test_a_killed_run_resumes_with_its_optimiser(rectangle_dataset, tiny_folder, tmp_path, monkeypatch):
    from annexe_ros.training import run

    plan = settings(rectangle_dataset, tmp_path / "run", start_from=tiny_folder, steps=6, save_every=3)
    genuine = run._Run._train_step

    def dies_at_five(self, batch):
        if self.step == 4:
            raise KeyboardInterrupt
        return genuine(self, batch)

    monkeypatch.setattr(run._Run, "_train_step", dies_at_five)
    with pytest.raises(KeyboardInterrupt):
        run.train(plan)
    monkeypatch.setattr(run._Run, "_train_step", genuine)
    resumed = run._Run(plan, resume=True, console=run.Console(stderr=True))
    assert resumed.step == 3
    assert resumed.schedule.last_epoch == 3
    assert resumed.optimizer.optimizer.state
    resumed.loop()
    assert sorted(losses_of(tmp_path / "run")) == [1, 2, 3, 4, 5, 6]


def test_resuming_nothing_is_refused(rectangle_dataset, tmp_path):
    from annexe_ros.training.run import train

    with pytest.raises(ModelNotFoundError, match="no model to start from"):
        train(settings(rectangle_dataset, tmp_path / "none"), resume=True)


def test_missing_data_is_refused(tmp_path):
    from annexe_ros.training.run import train

    with pytest.raises(DatasetFormatError, match="no such folder"):
        train(settings(tmp_path, tmp_path / "out"))
