"""Published EgoVideo checkpoints: random tensors of their structure, by their names, find their places."""

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.core.errors import CheckpointError
from annexe_ros.video.convert_egovideo_checkpoint import convert_egovideo, read_egovideo
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.processing_egovideo import train_word_tokenizer

pytestmark = pytest.mark.model
WIDTH, TEXT_WIDTH, SHARED, PATCH, GRID, FRAMES, LAYERS = 128, 64, 32, 8, 2, 4, 2


class Settings:
    """What else a checkpoint may hold."""


def block(prefix, width, packed, fully):
    made = {f"{prefix}.{packed}weight": torch.randn(3 * width, width), f"{prefix}.{packed}bias": torch.randn(3 * width)}
    shapes = {"attn.out_proj": (width, width), fully[0]: (4 * width, width), fully[1]: (width, 4 * width)}
    for name, shape in shapes.items():
        made |= {f"{prefix}.{name}.weight": torch.randn(shape), f"{prefix}.{name}.bias": torch.randn(shape[0])}
    for name in ("ln_1", "ln_2"):
        made |= {f"{prefix}.{name}.weight": torch.randn(width), f"{prefix}.{name}.bias": torch.randn(width)}
    return made


def adapter(prefix, width):
    hidden = width // 2
    shapes = {"down_proj": (hidden, width), "up_proj": (width, hidden), "dwconv": (hidden, 1, 3),
              "conv": (hidden, hidden, 1), "conv2d": (384, 384, 3, 3)}  # fmt: skip
    made = {f"{prefix}.adapter.{name}.weight": torch.randn(shape) for name, shape in shapes.items()}
    made |= {f"{prefix}.adapter.{name}.bias": torch.randn(shape[0]) for name, shape in shapes.items()}
    return made | {f"{prefix}.adapter.gamma": torch.ones(1), f"{prefix}.adapter_2.gamma": torch.ones(1)}


def published(flash=False, adapters=False):
    packed, fully = ("attn.Wqkv.", ("mlp.fc1", "mlp.fc2")) if flash else ("attn.in_proj_", ("mlp.c_fc", "mlp.c_proj"))
    state = {
        "visual.conv1.weight": torch.randn(WIDTH, 3 * PATCH**2),
        "visual.class_embedding": torch.randn(WIDTH),
        "visual.positional_embedding": torch.randn(GRID**2 + 1, WIDTH),
        "visual.temporal_embedding": torch.randn(FRAMES, WIDTH),
        "textual.token_embedding.weight": torch.randn(50, TEXT_WIDTH),
        "textual.positional_embedding": torch.randn(12, TEXT_WIDTH),
        "image_projection": torch.randn(WIDTH, SHARED),
        "text_projection": torch.randn(TEXT_WIDTH, SHARED),
        "logit_scale": torch.tensor(2.66),
    }
    norms = (("visual.ln_pre", WIDTH), ("visual.ln_post", WIDTH), ("textual.ln_final", TEXT_WIDTH))
    for name, width in norms:
        state |= {f"{name}.weight": torch.randn(width), f"{name}.bias": torch.randn(width)}
    for number in range(LAYERS):
        state |= block(f"visual.transformer.resblocks.{number}", WIDTH, packed, fully)
        state |= block(
            f"textual.transformer.resblocks.{number}", TEXT_WIDTH, "attn.in_proj_", ("mlp.c_fc", "mlp.c_proj")
        )
        state |= adapter(f"visual.transformer.resblocks.{number}", WIDTH) if adapters else {}
    return state | ({"slowfast_projection": torch.randn(2 * SHARED, SHARED)} if adapters else {})


@pytest.mark.parametrize("flash", [False, True])
@pytest.mark.parametrize("adapters", [False, True])
def test_every_tensor_finds_its_place(flash, adapters):
    state = published(flash, adapters)
    model = convert_egovideo(state)
    assert model.config.vision_config.hidden_act == model.config.text_config.hidden_act == "gelu"
    assert (model.config.frame_size, model.config.num_frames, model.config.vision_config.patch_size) == (16, 4, 8)
    assert len(model.adapters) == (LAYERS if adapters else 0)
    layer = model.vision_model.encoder.layers[1]
    packed = state["visual.transformer.resblocks.1." + ("attn.Wqkv.weight" if flash else "attn.in_proj_weight")]
    assert torch.equal(layer.self_attn.k_proj.weight, packed[WIDTH : 2 * WIDTH])
    if adapters:
        theirs = state["visual.transformer.resblocks.0.adapter.up_proj.weight"]
        assert torch.equal(model.adapters[1].up.weight, theirs)
        assert not model.adapters[0].up.weight.any()
    assert torch.equal(model.visual_projection.weight, state["image_projection"].T)
    assert model.embed_video(torch.randn(1, 4, 3, 16, 16)).shape == (1, SHARED)


def test_patches_are_flattened_channel_first():
    state = published()
    model = convert_egovideo(state)
    picture = torch.randn(1, 3, PATCH, PATCH)
    theirs = picture.flatten(1) @ state["visual.conv1.weight"].T
    assert torch.allclose(model.vision_model.embeddings.patch_embedding(picture).flatten(1), theirs, atol=1e-4)


def test_a_missing_tensor_is_named():
    state = published()
    del state["visual.transformer.resblocks.1.ln_2.bias"]
    with pytest.raises(ValueError, match=r"layers\.1\.layer_norm2\.bias"):
        convert_egovideo(state)


def test_a_tensor_without_a_rule_is_named():
    with pytest.raises(ValueError, match="novelty"):
        convert_egovideo(published() | {"visual.novelty": torch.zeros(1)})


def test_other_objects_in_the_file_are_never_made(tmp_path, monkeypatch):
    state = {f"module.{name}": value for name, value in published().items()}
    torch.save({"state_dict": state, "args": Settings()}, tmp_path / "egovideo.pt")
    monkeypatch.setattr(Settings, "__new__", lambda cls: pytest.fail("an object of the file was made"))
    assert read_egovideo(tmp_path / "egovideo.pt").keys() == published().keys()


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "x.pt").write_text("nothing")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_egovideo(tmp_path / "x.pt")


def test_the_command_makes_a_folder_that_is_a_clip_encoder(tmp_path):
    torch.save({"state_dict": published(adapters=True)}, tmp_path / "egovideo.pt")
    train_word_tokenizer(["#C C takes the mug"]).save_pretrained(tmp_path / "words")
    arguments = ["--checkpoint", tmp_path / "egovideo.pt", "--out", tmp_path / "out", "--tokenizer", tmp_path / "words"]
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    encoder = ClipEncoder.load(tmp_path / "out")
    assert encoder.embed_clips([np.zeros((FRAMES, 20, 30, 3), np.uint8)]).shape == (1, SHARED)


def test_another_checkpoint_without_a_base_is_refused(tmp_path):
    torch.save({"model": torch.ones(1)}, tmp_path / "other.pth")
    result = CliRunner().invoke(app, ["convert", "--checkpoint", str(tmp_path / "other.pth"), "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "name the --base" in result.stderr
