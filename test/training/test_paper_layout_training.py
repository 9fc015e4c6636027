"""Fine-tuning of the paper's layout and of an analysis-guided model, at toy size: what learns and what stays."""

from __future__ import annotations

import pytest
from tiny_annexe import TINY_PAPER, TINY_TEXT, TINY_VISION

from annexe_ros.core.errors import ParameterError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model
NAMES = ["right hand", "knife", "mug"]


def trained(start_from, data, out, **changes):
    """Return weights before and after three steps."""
    from safetensors.torch import load_file

    from annexe_ros.training.run import train
    from annexe_ros.training.settings import TrainingSettings

    settings = TrainingSettings(
        data, out, start_from, steps=3, batch_size=2, queries_per_image=2, warmup_steps=0, mixed_precision="no",
        pixel_budget=112 * 112, **changes,
    )  # fmt: skip
    folder = train(settings)
    return load_file(start_from / "model.safetensors"), load_file(folder / "model.safetensors")


@pytest.fixture
def folder_of(tiny_processor, tmp_path):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG, AnnexeImageProcessor, AnnexeProcessor

    def write(settings):
        torch.manual_seed(0)
        tokenizer = tiny_processor.tokenizer
        text = {"text_config": TINY_TEXT | {"vocab_size": len(tokenizer)}}
        config = AnnexeConfig(**settings | text, labels=NAMES)
        AnnexeForEgoIRG(config).save_pretrained(tmp_path / "start")
        images = AnnexeImageProcessor(112 * 112, config.input_multiple)
        AnnexeProcessor(images, tokenizer).save_pretrained(tmp_path / "start")
        return tmp_path / "start"

    return write


@pytest.mark.parametrize(
    ("layout", "encoder"),
    [
        (TINY_PAPER, {"vision_tower", "ground_encoder"}),
        (
            {"vision_config": TINY_VISION, "pyramid_channels": 16, "pixel_channels": 8, "colours": ["red", "blue"]},
            {"backbone", "coordinates", "pyramid", "dense_heads", "colour_head"},
        ),
    ],
)
def test_all_of_the_image_encoder_has_its_own_rate(layout, encoder):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG
    from annexe_ros.training.parts import make_optimizer

    model = AnnexeForEgoIRG(AnnexeConfig(**layout | {"text_config": TINY_TEXT}, labels=NAMES))
    groups = make_optimizer(model, 1.0, 0.2, 0.05).param_groups
    rates = {id(weight): group["lr"] for group in groups for weight in group["params"]}
    learning = [(name.split(".")[0], rates[id(w)]) for name, w in model.named_parameters() if w.requires_grad]
    assert {part for part, rate in learning if rate == 0.2} == encoder
    assert not encoder & {part for part, rate in learning if rate == 1.0}


def test_adapters_connector_and_ground_encoder_learn(folder_of, rectangle_dataset, tmp_path):
    before, after = trained(folder_of(TINY_PAPER), rectangle_dataset, tmp_path / "run", frozen=("vision_tower",))
    moved = {name for name in before if not torch.equal(before[name].half(), after[name].half())}
    assert {"connector", "ground_encoder", "grounding"} <= {name.split(".")[0] for name in moved}
    assert not any(name.startswith("vision_tower") for name in moved)
    learned = {name for name in moved if name.startswith("language_model")}
    kinds = {name.partition(".default")[0].rpartition(".")[2] for name in learned}
    assert {"lora_B", "trainable_tokens_delta"} <= kinds <= {"lora_A", "lora_B", "trainable_tokens_delta"}


def test_the_synthesizer_of_a_guided_model_learns(folder_of, rectangle_dataset, tmp_path):
    small = {"vision_config": TINY_VISION, "pyramid_channels": 16, "pixel_channels": 8, "analysis_guided": True}
    before, after = trained(folder_of(small), rectangle_dataset, tmp_path / "run")
    name = "analysis_synthesizer.widen.weight"
    assert not torch.allclose(before[name], after[name].float(), atol=1e-3)


def test_a_plain_model_can_become_guided(folder_of, rectangle_dataset, tmp_path):
    from annexe_ros.model import AnnexeForEgoIRG

    small = {"vision_config": TINY_VISION, "pyramid_channels": 16, "pixel_channels": 8}
    before, after = trained(folder_of(small), rectangle_dataset, tmp_path / "run", analysis_guided=True)
    assert {name.split(".")[0] for name in after.keys() - before.keys()} == {"analysis_synthesizer"}
    assert AnnexeForEgoIRG.from_pretrained(tmp_path / "run").config.analysis_guided


def test_only_a_model_with_label_maps_can_be_told_other_names(folder_of, rectangle_dataset, tmp_path):
    with pytest.raises(ParameterError, match="it has no label maps"):
        trained(folder_of(TINY_PAPER), rectangle_dataset, tmp_path / "run", renamed=0.5)
    small = {"vision_config": TINY_VISION, "pyramid_channels": 16, "pixel_channels": 8}
    before, after = trained(folder_of(small), rectangle_dataset, tmp_path / "run", renamed=1.0)
    assert any(not torch.equal(before[name].half(), after[name].half()) for name in before)


def test_layers_computed_again_learn_the_same(folder_of, rectangle_dataset, tmp_path):
    start = folder_of(TINY_PAPER | {"lora": None, "analysis_guided": True})
    _, kept = trained(start, rectangle_dataset, tmp_path / "kept")
    _, again = trained(start, rectangle_dataset, tmp_path / "again", gradient_checkpointing=True)
    for name, weights in kept.items():
        torch.testing.assert_close(weights, again[name], atol=2e-3, rtol=1e-2, msg=lambda m, name=name: f"{name}: {m}")


def test_adapters_can_be_asked_for(folder_of, rectangle_dataset, tmp_path):
    from annexe_ros.model import AnnexeForEgoIRG

    small = {"vision_config": TINY_VISION, "pyramid_channels": 16, "pixel_channels": 8}
    before, after = trained(folder_of(small), rectangle_dataset, tmp_path / "run", lora_rank=2, frozen=("backbone",))
    assert {"lora_A", "lora_B"} <= {part for name in after.keys() - before.keys() for part in name.split(".")}
    key = "language_model.model.layers.0.self_attn.q_proj"
    assert torch.equal(before[f"{key}.weight"].half(), after[f"{key}.base_layer.weight"])
    assert AnnexeForEgoIRG.from_pretrained(tmp_path / "run").config.lora["r"] == 2
