"""``annexe assemble`` and ``annexe convert``: exit codes, what is named, and the folder that comes of it."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny_annexe import TINY_DEPTH, TINY_TEXT, TINY_TOWER
from typer.testing import CliRunner

from annexe_ros.cli.main import app

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def parts(tiny_processor, tmp_path_factory):
    """Return the options that name the folders of a language model, a vision tower and a depth model."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForDepthEstimation, Blip2VisionModel

    root = tmp_path_factory.mktemp("parts")
    text, tower, depth = (AutoConfig.for_model(**sizes) for sizes in (TINY_TEXT, TINY_TOWER, TINY_DEPTH))
    text.vocab_size = len(tiny_processor.tokenizer)
    AutoModelForCausalLM.from_config(text).save_pretrained(root / "llm")
    tiny_processor.tokenizer.save_pretrained(root / "llm")
    Blip2VisionModel(tower).save_pretrained(root / "vision")
    AutoModelForDepthEstimation.from_config(depth).save_pretrained(root / "depth")
    return [f"--{part}={root / part}" for part in ("llm", "vision", "depth")]


@pytest.fixture(scope="module")
def assembled(parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "assembled"
    result = run("assemble", *parts, "--out", folder, "--lora-rank", 2)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def checkpoint(tmp_path):
    """Return a file as the authors' runner writes it: a projection, and a mask decoder that has no place."""
    state = {"llama_proj.weight": torch.ones(32, 64), "llama_proj.bias": torch.ones(32)}
    path = tmp_path / "checkpoint.pth"
    torch.save({"model": state | {"mask_decoder.deconv1.bias": torch.zeros(4)}, "epoch": 1}, path)
    return path


def assert_refused(result, *sentences):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for sentence in sentences:
        assert sentence in result.stderr


def test_assembled_folder_says_what_it_is(assembled):
    config = json.loads((assembled / "config.json").read_text())
    assert config["lora"]["r"] == 2
    assert config["dtype"] == "bfloat16"
    assert not config["analysis_guided"]


def test_a_part_that_is_not_there_is_named(parts, tmp_path):
    missing = tmp_path / "nowhere"
    assert_refused(run("assemble", *parts, "--depth", missing, "--out", tmp_path / "out"), "nowhere")
    assert not (tmp_path / "out").exists()


def test_an_unknown_dtype_is_refused_before_anything_is_read(tmp_path):
    result = run("assemble", "--dtype", "int8", "--out", tmp_path / "out")
    assert_refused(result, "unknown dtype 'int8'; use bfloat16, float16, float32")


def test_convert_names_what_it_cannot_place_and_how_to_go_on(assembled, checkpoint, tmp_path):
    out = tmp_path / "out"
    arguments = ["convert", "--checkpoint", checkpoint, "--base", assembled, "--out", out]
    assert_refused(run(*arguments), "not placed: mask_decoder.deconv1.bias: the authors'", "--drop mask_decoder")
    assert not out.exists()
    result = run(*arguments, "--drop", "mask_decoder")
    assert result.exit_code == 0, result.stderr
    assert "2 tensors placed, 1 left out" in result.stderr

    from annexe_ros.model import AnnexeForEgoIRG

    model = AnnexeForEgoIRG.from_pretrained(out)
    assert model.connector.projection.weight.eq(1).all()


def test_assemble_takes_minigpt_v2(parts, checkpoint, tmp_path):
    arguments = ["assemble", *parts, "--out", tmp_path / "out", "--lora-rank", 0, "--minigpt-v2", checkpoint]
    assert_refused(run(*arguments), "--drop mask_decoder")
    assert run(*arguments, "--drop", "mask_decoder").exit_code == 0


def test_convert_wants_the_papers_layout(tiny_folder, checkpoint, tmp_path):
    result = run("convert", "--checkpoint", checkpoint, "--base", tiny_folder, "--out", tmp_path / "out")
    assert_refused(result, "is a small model")


@pytest.mark.parametrize(("name", "content"), [("missing.pth", None), ("text.pth", b"text")])
def test_a_checkpoint_that_is_none_is_named(assembled, tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("convert", "--checkpoint", tmp_path / name, "--base", assembled, "--out", tmp_path / "out")
    assert_refused(result, name)


def test_a_base_that_is_none_is_named(checkpoint, tmp_path):
    result = run("convert", "--checkpoint", checkpoint, "--base", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert_refused(result, "nowhere")


def test_a_base_that_is_not_whole_is_named(assembled, checkpoint, tmp_path):
    from safetensors.torch import load_file, save_file

    base = shutil.copytree(assembled, tmp_path / "base")
    file, arguments = base / "model.safetensors", ["--base", base, "--drop", "mask_decoder", "--out", tmp_path / "out"]
    weights = load_file(file)
    del weights["connector.projection.bias"]
    save_file(weights, file, {"format": "pt"})
    lacks = "1 of its weights are missing, the first is connector.projection.bias"
    assert_refused(run("convert", "--checkpoint", checkpoint, *arguments), f"model '{base}': {lacks}")
    file.write_bytes(b"cut off")
    assert_refused(run("convert", "--checkpoint", checkpoint, *arguments), "can't be loaded (SafetensorError")
