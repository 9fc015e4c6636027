"""The door for models: shards, precisions, and what is said where one can't be had."""

from __future__ import annotations

import importlib.util
import json
import shutil

import numpy as np
import pytest

from annexe_ros.core import Frame, Query
from annexe_ros.core.errors import EngineError, MissingDependencyError, ModelNotFoundError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model
GREY = Frame(np.full((60, 90, 3), 90, dtype=np.uint8))


@pytest.fixture
def sharded(tiny_model, tiny_processor, tmp_path):
    tiny_model.save_pretrained(tmp_path, max_shard_size="40KB")
    tiny_processor.save_pretrained(tmp_path)
    return tmp_path


def load(folder, dtype="float32", device_map=None):
    from annexe_ros.inference import loading

    return loading.load(folder, torch.device("cpu"), dtype, device_map)


def test_shards_make_the_same_network(sharded, tiny_model):
    network, _ = load(sharded)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), tiny_model.parameters(), strict=True))


def test_no_progress_bar_gets_into_a_log(tiny_folder, tmp_path, capfd):
    network, _ = load(tiny_folder)
    network.save_pretrained(tmp_path)
    assert capfd.readouterr().err == ""


def test_a_missing_shard_is_named(sharded):
    index = json.loads((sharded / "model.safetensors.index.json").read_text())
    missing = sorted(index["weight_map"].values())[-1]
    (sharded / missing).unlink()
    with pytest.raises(ModelNotFoundError, match=missing):
        load(sharded)


def test_weights_that_are_missing_are_told_and_not_made_up(tiny_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    kept = load_file(folder / "model.safetensors")
    name, _ = kept.popitem()
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelNotFoundError, match=f"1 of its weights are missing, the first is {name}"):
        load(folder)


@pytest.mark.parametrize("content", ["{}", "[]", "no json"])
def test_a_damaged_index_is_named(sharded, content):
    (sharded / "model.safetensors.index.json").write_text(content)
    with pytest.raises(ModelNotFoundError, match=r"index\.json is damaged"):
        load(sharded)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_answers(tiny_folder, dtype):
    from annexe_ros.inference.annexe import AnnexeEngine

    engine = AnnexeEngine(tiny_folder, "cpu", dtype)
    assert {p.dtype for p in engine._network.parameters()} == {getattr(torch, dtype)}
    reply = engine.interpret(GREY, Query("the mug"))
    assert reply.label_image.shape == (60, 90)
    assert engine.estimate_depth(GREY).dtype == np.float32


def test_a_device_map_places_the_parts(tiny_folder):
    """Parts on two devices, of which one only holds: accelerate moves their weights in when they are needed."""
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    parts = [name for name, _ in load(tiny_folder)[0].named_children()]
    network, processor = load(tiny_folder, device_map=dict.fromkeys(parts, "cpu") | {"language_model": "disk"})
    assert network.hf_device_map["language_model"] == "disk"
    with torch.inference_mode():
        cache = network.read_image(network.encode_image(torch.randn(1, 3, 64, 64)), processor.prefix_ids())
        made = network.generate_text(cache, torch.tensor([processor.analysis_prompt_ids()]), 3)
    assert made.sequences.shape[0] == 1


def test_an_unknown_dtype_is_refused(tiny_folder):
    with pytest.raises(EngineError, match="unknown dtype 'float8'; use float32, bfloat16"):
        load(tiny_folder, "float8")


@pytest.mark.parametrize(("dtype", "library"), [("int8", "torchao"), ("int4", "bitsandbytes")])
def test_integers_need_a_library(tiny_folder, dtype, library, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=f"dtype {dtype} needs, is not installed.*pip install {library}"):
        load(tiny_folder, dtype)


@pytest.mark.parametrize(("dtype", "library"), [("int8", "torchao"), ("int4", "bitsandbytes")])
def test_integers_are_the_language_models_alone(tiny_folder, dtype, library):
    pytest.importorskip(library, reason=f"{library} is not installed")
    network, _ = load(tiny_folder, dtype)
    usual = {torch.nn.Parameter, torch.Tensor}
    quantised = {name for name, p in network.named_parameters() if {type(p), type(p.data)} - usual}
    assert len(quantised) == 2 * 7  # four matrices of attention and three of the feed-forward, in two layers
    assert all(name.startswith("language_model.model.layers") for name in quantised)


def test_a_library_that_the_model_needs_is_named(tiny_folder, monkeypatch):
    from annexe_ros.inference import loading

    def without_peft(*_, **__):
        raise ModuleNotFoundError("No module named 'peft'", name="peft")

    monkeypatch.setattr(loading.AnnexeForEgoIRG, "from_pretrained", without_peft)
    with pytest.raises(MissingDependencyError, match="'peft', which this model needs, is not installed"):
        load(tiny_folder)
