"""Parts on disk become one model: weights kept, vocabulary grown, and a folder that the engine loads."""

from __future__ import annotations

import pytest
from tiny_annexe import TINY_DEPTH, TINY_PAPER, TINY_TEXT, TINY_TOWER

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model
SIZES = {name: TINY_PAPER[name] for name in ("pyramid_channels", "pixel_channels", "lora")} | {"grounding_heads": 4}


def plain_tokenizer():
    """Return a tokenizer that has never heard of <MSK>."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return the folders of a language model, a vision tower inside a BLIP-2, and a depth model."""
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForDepthEstimation,
        Blip2Config,
        Blip2ForConditionalGeneration,
    )

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("parts")
    tokenizer = plain_tokenizer()
    text = AutoConfig.for_model(**TINY_TEXT | {"vocab_size": len(tokenizer)})
    AutoModelForCausalLM.from_config(text).save_pretrained(root / "llm")
    tokenizer.save_pretrained(root / "llm")
    language = {"model_type": "opt", "hidden_size": 16, "num_hidden_layers": 1, "ffn_dim": 16, "vocab_size": 40}
    language |= {"num_attention_heads": 2, "word_embed_proj_dim": 16}
    qformer = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    blip = Blip2Config(
        vision_config=TINY_TOWER, qformer_config=qformer | {"encoder_hidden_size": 16}, text_config=language
    )
    Blip2ForConditionalGeneration(blip).save_pretrained(root / "blip2")
    AutoModelForDepthEstimation.from_config(AutoConfig.for_model(**TINY_DEPTH)).save_pretrained(root / "depth")
    return {"llm": str(root / "llm"), "vision": str(root / "blip2"), "depth": str(root / "depth")}


@pytest.fixture(scope="module")
def assembled(parts):
    from annexe_ros.model.assemble import assemble

    return assemble(**parts, dtype=torch.float32, **SIZES)


def test_every_pretrained_weight_is_kept(assembled, parts):
    from transformers import AutoModelForCausalLM, AutoModelForDepthEstimation, Blip2ForConditionalGeneration

    model, _ = assembled
    adapted = model.state_dict().items()
    ours = {name.replace(".token_adapter", "").replace(".base_layer", ""): value for name, value in adapted}
    blip = Blip2ForConditionalGeneration.from_pretrained(parts["vision"])
    whole = {
        "language_model": AutoModelForCausalLM.from_pretrained(parts["llm"]),
        "vision_tower": getattr(blip, "vision_model", None) or blip.model.vision_model,
        "ground_encoder.depth_model": AutoModelForDepthEstimation.from_pretrained(parts["depth"]),
    }
    for part, source in whole.items():
        for name, value in source.state_dict().items():
            assert torch.equal(ours[f"{part}.{name}"][: len(value)] if value.ndim else ours[f"{part}.{name}"], value), (
                name
            )


def test_adapters_begin_as_nothing(assembled):
    late = [value for name, value in assembled[0].state_dict().items() if "lora_B" in name]
    assert late
    assert not any(value.any() for value in late)


def test_the_mask_token_is_the_tokenizers_and_the_models(assembled):
    model, processor = assembled
    marked = processor.reply_ids(processor.marked_answer(["left hand", "mug"]))
    assert marked.count(model.config.mask_token_id) == 2
    assert processor.answer_names(marked) == ["left hand", "mug"]
    assert len(model.language_model.get_input_embeddings().weight) == len(processor.tokenizer)
    assert model.config.text_config.vocab_size == len(processor.tokenizer)


def test_the_folder_answers(assembled, tmp_path):
    import numpy as np

    from annexe_ros.core import Frame, Query
    from annexe_ros.inference.annexe import AnnexeEngine
    from annexe_ros.inference.loading import load
    from annexe_ros.model.assemble import save

    model, processor = assembled
    save(model, processor, tmp_path)
    read, _ = load(tmp_path, torch.device("cpu"))
    ours = model.state_dict()
    assert all(torch.equal(ours[name], value) for name, value in read.state_dict().items())
    engine = AnnexeEngine(tmp_path, "cpu")
    engine._processor.image_processor.pixel_budget = 112 * 112
    reply = engine.interpret(Frame(np.full((60, 90, 3), 90, dtype=np.uint8)), Query("the mug"))
    assert reply.label_image.shape == (60, 90)


def test_a_tower_of_its_own_needs_no_model_around_it(tmp_path):
    from transformers import Blip2VisionConfig, Blip2VisionModel

    from annexe_ros.model.assemble import load_vision_tower

    sizes = {name: value for name, value in TINY_TOWER.items() if name != "model_type"}
    tower = Blip2VisionModel(Blip2VisionConfig(**sizes))
    tower.save_pretrained(tmp_path)
    loaded = load_vision_tower(str(tmp_path), torch.float32).state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in tower.state_dict().items())


def test_a_part_that_lacks_weights_is_refused(parts, tmp_path):
    """Whatever a source doesn't have would silently be drawn at random."""
    import shutil

    from safetensors.torch import load_file, save_file

    from annexe_ros.model.assemble import assemble

    depth = shutil.copytree(parts["depth"], tmp_path / "depth")
    weights = load_file(depth / "model.safetensors")
    save_file(
        {k: v for k, v in weights.items() if "head.conv3" not in k}, depth / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ValueError, match=r"lacks 2 weights of DepthAnything\w+, e\.g\. head\.conv3\.bias"):
        assemble(**parts | {"depth": str(depth)}, dtype=torch.float32, **SIZES)
