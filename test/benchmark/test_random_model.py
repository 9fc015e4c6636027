"""A configuration alone is enough to be measured."""

import shutil

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def test_a_folder_without_weights_becomes_a_model(tiny_folder, tmp_path):
    from annexe_ros.benchmark.random_model import write_random_model
    from annexe_ros.inference.loading import load

    model = shutil.copytree(tiny_folder, tmp_path / "tiny")
    (model / "model.safetensors").unlink()
    made = write_random_model(model, tmp_path)
    network, processor = load(made, torch.device("cpu"))
    assert made.name == "tiny-random"
    assert network.config.labels == ["left hand", "right hand", "mug", "knife"]
    assert processor.image_processor.pixel_budget == 64 * 64
