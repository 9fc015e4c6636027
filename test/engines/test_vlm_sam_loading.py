"""What the engine ``vlm_sam`` makes of checkpoints, adapters and devices, and how it tells what it can't use."""

from __future__ import annotations

import json

import numpy as np
import pytest
from planted_replies import ANALYSIS, FRAME, MUG
from vlm_engines import QUERY, engine_of

from annexe_ros.core.errors import EngineError, ModelNotFoundError, ParameterError
from annexe_ros.inference import create_engine

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_checkpoints import save_sam2, save_sam3, save_vlm, turn_into_video  # noqa: E402
from transformers import AutoModelForImageTextToText  # noqa: E402

pytestmark = [pytest.mark.engines, pytest.mark.model]


def save_adapter(checkpoints, renamed=lambda name: name):
    """Write LoRA weights for "speaks"; return the change that they make to its first query projection."""
    peft = pytest.importorskip("peft", reason="peft is not installed")
    torch.manual_seed(1)
    base = AutoModelForImageTextToText.from_pretrained(checkpoints / "speaks")
    config = peft.LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    model = peft.get_peft_model(base, config)
    model.save_pretrained(checkpoints / "adapter")
    file = checkpoints / "adapter/adapter_model.safetensors"
    save_file({renamed(name): value for name, value in load_file(file).items()}, file, {"format": "pt"})
    return model.base_model.model.model.language_model.layers[0].self_attn.q_proj.get_delta_weight("default")


@pytest.mark.parametrize("former", [False, True], ids=["as now", "as before transformers 4.52"])
def test_lora_weights_are_added(checkpoints, former):
    change = save_adapter(checkpoints, lambda name: name.replace("model.language_model.", "model.") if former else name)
    plain, adapted = engine_of(checkpoints), engine_of(checkpoints, adapter="adapter")
    before, after = (
        engine._language._network.model.language_model.layers[0].self_attn.q_proj.weight for engine in (plain, adapted)
    )
    assert torch.allclose(after - before, change, atol=1e-6)
    assert adapted.interpret(FRAME, QUERY).answer == "mug"


def test_lora_weights_of_another_model_are_refused(checkpoints):
    save_adapter(checkpoints, lambda name: name.replace("layers.1", "layers.7"))
    with pytest.raises(ModelNotFoundError, match=r"adapter': isn't for this model \(8 of its weights don't fit"):
        engine_of(checkpoints, adapter="adapter")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_smaller_numbers_say_the_same(checkpoints, dtype):
    engine = engine_of(checkpoints, dtype=dtype)
    assert engine._language._network.dtype is getattr(torch, dtype)
    assert engine.interpret(FRAME, QUERY).answer == "mug"


def test_weights_leave_and_come_back(checkpoints):
    engine = engine_of(checkpoints, grounder="sam2")
    engine.release_device()
    engine.claim_device()
    assert engine.interpret(FRAME, QUERY).answer == "mug"
    engine.close()


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"vlm": "nobody/nothing"}, ModelNotFoundError, "hf download nobody/nothing"),
        ({"vlm": "not an id"}, ModelNotFoundError, "isn't a hub id"),
        ({"vlm": "sam2"}, EngineError, "is a sam2; this engine speaks with qwen3_vl, qwen3_vl_moe, qwen2_5_vl"),
        ({"grounder": "speaks"}, EngineError, "is a qwen3_vl; a grounder is a SAM 2.1 or a SAM 3"),
        ({"adapter": "speaks"}, ModelNotFoundError, "has no adapter_config.json"),
        ({"max_targets": 99}, ParameterError, "settings.yaml: 'max_targets' is 99; it must be from 1 to 16"),
    ],
)
def test_what_can_not_be_used_is_told(checkpoints, settings, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        engine_of(checkpoints, **settings)
    assert "\n" not in str(caught.value)


def test_a_damaged_folder_is_told(checkpoints, tmp_path):
    save_sam2(tmp_path / "cut")
    weights = tmp_path / "cut/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelNotFoundError, match=r"cut.*can't be loaded"):
        engine_of(checkpoints, grounder=str(tmp_path / "cut"))


@pytest.mark.parametrize("part", ["vlm", "grounder"])
def test_weights_that_are_missing_are_told_and_not_made_up(checkpoints, tmp_path, part):
    (save_vlm if part == "vlm" else save_sam2)(tmp_path / "part")
    weights = tmp_path / "part/model.safetensors"
    kept = load_file(weights)
    del kept[min(kept)]
    save_file(kept, weights, {"format": "pt"})
    with pytest.raises(ModelNotFoundError, match="1 of its weights are missing, the first is"):
        engine_of(checkpoints, **{part: str(tmp_path / "part")})


def test_a_chat_template_in_a_file_of_its_own_is_found(checkpoints, tmp_path):
    save_vlm(tmp_path / "older", replies=(ANALYSIS, MUG))
    template = tmp_path / "older/chat_template.jinja"
    (tmp_path / "older/chat_template.json").write_text(json.dumps({"chat_template": template.read_text()}))
    template.unlink()
    assert engine_of(checkpoints, str(tmp_path / "older")).interpret(FRAME, QUERY).answer == "mug"
    (tmp_path / "older/chat_template.json").unlink()
    with pytest.raises(ModelNotFoundError, match="has no chat template; take an instruction-tuned model"):
        engine_of(checkpoints, str(tmp_path / "older"))


@pytest.mark.parametrize("save", [save_sam2, save_sam3])
def test_a_checkpoint_for_videos_has_that_for_images(checkpoints, tmp_path, save):
    save(tmp_path / "images")
    turn_into_video(save(tmp_path / "video"))
    answers = [
        engine_of(checkpoints, grounder=str(tmp_path / kind)).interpret(FRAME, QUERY) for kind in ("images", "video")
    ]
    assert np.array_equal(answers[0].label_image, answers[1].label_image)
    assert answers[0].objects[0].score == answers[1].objects[0].score


@pytest.mark.parametrize(
    ("device", "sentence"),
    [("tpu-of-mine", "unknown device 'tpu-of-mine'"), ("cuda:3", "PyTorch finds no CUDA device")],
)
def test_a_device_that_is_not_there_is_told(checkpoints, monkeypatch, device, sentence):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    engine_of(checkpoints)
    with pytest.raises(EngineError, match=sentence):
        create_engine("vlm_sam", checkpoints / "settings.yaml", device)
