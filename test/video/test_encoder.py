"""A folder that isn't a whole clip encoder is told, and never filled up with random weights."""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from safetensors.torch import load_file, save_file
from tiny_encoder import write_tiny_encoder

from annexe_ros.core.errors import ModelNotFoundError
from annexe_ros.video.encoder import ClipEncoder

pytestmark = pytest.mark.model


def test_a_folder_without_an_encoder_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="can't be loaded"):
        ClipEncoder.load(tmp_path)


def test_damaged_weights_are_refused(tmp_path):
    (write_tiny_encoder(tmp_path) / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelNotFoundError, match="can't be loaded"):
        ClipEncoder.load(tmp_path)


def test_missing_weights_are_not_made_up(tmp_path):
    file = write_tiny_encoder(tmp_path) / "model.safetensors"
    weights = load_file(file)
    lost = sorted(weights)[0]
    save_file({name: value for name, value in weights.items() if name != lost}, file, {"format": "pt"})
    with pytest.raises(ModelNotFoundError, match=f"1 of its weights are missing, the first is {lost}"):
        ClipEncoder.load(tmp_path)
