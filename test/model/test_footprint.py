"""Memory figures against a model that is really made."""

from __future__ import annotations

import pytest
from tiny_annexe import TINY_PAPER

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model


def test_parts_weigh_what_they_weigh():
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG
    from annexe_ros.model.footprint import footprint

    config = AnnexeConfig(**TINY_PAPER)
    model = AnnexeForEgoIRG(config)
    parts = {part.name: part for part in footprint(config)}
    assert sum(part.parameters for part in parts.values()) == model.num_parameters()
    held = sum(p.numel() * p.element_size() for p in model.parameters())
    assert sum(part.gigabytes("float32") for part in parts.values()) * 1e9 == pytest.approx(held)
    assert sum(part.gigabytes("float16") for part in parts.values()) * 1e9 == pytest.approx(held / 2)
    assert parts["language_model"].trainable == 2 * 2 * (2 * 32 * 2) + 2 * 32
    assert parts["language_model"].quantised == 2 * (4 * 32 * 32 + 3 * 32 * 64)
    assert parts["vision_tower"].gigabytes("int8") == parts["vision_tower"].gigabytes("bfloat16")


def test_the_cache_grows_as_it_is_said():
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG
    from annexe_ros.model.footprint import cache_bytes

    model = AnnexeForEgoIRG(AnnexeConfig(**TINY_PAPER)).eval()
    with torch.inference_mode():
        cache = model.read_image(model.encode_image(torch.randn(1, 3, 112, 112)), torch.tensor([1]))
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert held == cache_bytes(model.config, cache.get_seq_length(), bytes_per_value=4)
