"""The paper's layout: a vision tower, a depth model and a language model of transformers, joined."""

from __future__ import annotations

import pytest
from tiny_annexe import TINY_PAPER, TINY_TEXT

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def paper_model():
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    torch.manual_seed(0)
    return AnnexeForEgoIRG(AnnexeConfig(**TINY_PAPER)).eval()


def texts(model, count=2):
    """Return one call's texts (1, count, 6): three prompt tokens, three of the reply, the second of them <MSK>."""
    ids = torch.tensor([[5, 6, 7, 8, model.config.mask_token_id, 2]]).expand(1, count, -1)
    return ids, torch.ones_like(ids), torch.tensor([True] * 3 + [False] * 3).expand(1, count, -1)


@pytest.mark.parametrize(("height", "width"), [(112, 112), (112, 224)])
@torch.inference_mode()
def test_shapes_at_any_multiple(paper_model, height, width):
    assert paper_model.config.input_multiple == 112
    output = paper_model(torch.randn(1, 3, height, width), torch.tensor([1]), *texts(paper_model))
    encoding = output.encoding
    assert encoding.visual_tokens.shape == (1, height // 14 * (width // 14) // 4, 32)
    assert encoding.coarse.shape == (1, 16, height // 16, width // 16)
    assert output.mask_logits.shape == (1, 2, 4, height // 4, width // 4)
    assert encoding.depth.shape == (1, height // 4, width // 4)
    assert encoding.label_logits.shape == (1, 1, height // 4, width // 4)


@torch.inference_mode()
def test_each_image_has_its_own_range_of_depth(paper_model):
    pixels = torch.randn(2, 3, 112, 112)
    pixels[1] *= 0.1
    together = paper_model.encode_image(pixels).depth
    alone = torch.cat([paper_model.encode_image(image[None]).depth for image in pixels])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-3)
    assert together.min() >= 0
    assert together.max() <= 1


@torch.inference_mode()
def test_inverse_depth_is_turned_round(paper_model):
    pixels = torch.randn(1, 3, 112, 112)
    turned = paper_model.encode_image(pixels).depth
    paper_model.ground_encoder.inverse_depth = False
    plain = paper_model.encode_image(pixels).depth
    paper_model.ground_encoder.inverse_depth = True
    torch.testing.assert_close(turned, 1 - plain)
    assert not torch.allclose(turned, plain)


@torch.inference_mode()
def test_a_visual_token_is_a_run_of_patches_without_the_class_token(paper_model):
    from annexe_ros.model.towers import patch_tokens

    pixels = torch.randn(1, 3, 112, 112)
    tower = paper_model.vision_tower(pixels, interpolate_pos_encoding=True).last_hidden_state
    patches = patch_tokens(paper_model.vision_tower, pixels)
    assert torch.equal(patches, tower[:, 1:])
    third = paper_model.connector.projection(tower[0, 9:13].flatten())
    torch.testing.assert_close(paper_model.connector(patches)[0, 2], third)


def test_only_adapters_of_the_language_model_learn(paper_model):
    learning = {n: p for n, p in paper_model.language_model.named_parameters() if p.requires_grad}
    adapters = {name for name in learning if "lora_" in name}
    assert len(adapters) == 2 * 2 * 2  # A and B, of q and v, in two layers
    assert all("q_proj" in name or "v_proj" in name for name in adapters)
    assert [tuple(learning[name].shape) for name in learning.keys() - adapters] == [(1, 32)] * 2  # <MSK>, in and out


def test_saved_shards_are_the_same_model(paper_model, tmp_path):
    from annexe_ros.model import AnnexeForEgoIRG

    paper_model.save_pretrained(tmp_path, max_shard_size="50KB")
    assert (tmp_path / "model.safetensors.index.json").is_file()
    loaded = AnnexeForEgoIRG.from_pretrained(tmp_path)
    ours, theirs = paper_model.state_dict(), loaded.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert loaded.config.ground_config.model_type == "depth_anything"
    learning = {name for name, p in paper_model.named_parameters() if p.requires_grad}
    assert {name for name, p in loaded.named_parameters() if p.requires_grad} == learning


def test_a_language_model_with_tied_embeddings_can_be_adapted_and_saved(tmp_path):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    text = TINY_PAPER["text_config"] | {"tie_word_embeddings": True}
    model = AnnexeForEgoIRG(AnnexeConfig(**TINY_PAPER | {"text_config": text})).eval()
    token_deltas = [p for name, p in model.named_parameters() if "trainable_tokens" in name]
    assert len(token_deltas) == 1
    torch.nn.init.normal_(token_deltas[0])
    model.save_pretrained(tmp_path)
    loaded = AnnexeForEgoIRG.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        pixels = torch.randn(1, 3, 112, 112)
        ours, theirs = (m(pixels, torch.tensor([1]), *texts(m)).logits for m in (model, loaded))
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("text_type", ["llama", "qwen3", "gpt_neox"])
@pytest.mark.parametrize("tower_type", ["siglip_vision_model", "dinov2", "clip_vision_model"])
def test_other_parts_are_a_matter_of_configuration(text_type, tower_type):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    text = TINY_TEXT | {"model_type": text_type, "vocab_size": 300}
    tower = TINY_PAPER["vision_config"] | {"model_type": tower_type}
    config = AnnexeConfig(**TINY_PAPER | {"text_config": text, "vision_config": tower, "lora": None})
    model = AnnexeForEgoIRG(config).eval()
    with torch.inference_mode():
        encoding = model.encode_image(torch.randn(1, 3, 112, 112))
        cache = model.read_image(encoding, torch.tensor([1]))
        made = model.generate_text(cache, torch.tensor([[5, 6]]), 3)
    assert encoding.visual_tokens.shape == (1, 16, 32)
    assert made.sequences.shape[0] == 1


def test_the_papers_sizes():
    """Figures of the published parts: EVA ViT-g/14 without its last layer, Llama-2-7B, Depth-Anything-V2-Base."""
    from annexe_ros.model import AnnexeForEgoIRG, annexe_7b

    with torch.device("meta"):
        model = AnnexeForEgoIRG(annexe_7b())
    assert model.config.input_multiple == 112
    count = {name: sum(p.numel() for p in child.parameters()) for name, child in model.named_children()}
    adapters = 32 * 2 * (64 * 4096 * 2)
    more_tokens = 2 * 2 * 4096  # <MSK>, into and out of the language model, and what is learned of it
    assert count["language_model"] == 6_738_415_616 + adapters + more_tokens
    assert count["vision_tower"] == pytest.approx(986e6, rel=0.005)
    assert sum(p.numel() for p in model.ground_encoder.depth_model.parameters()) == pytest.approx(97.5e6, rel=0.005)
    assert model.connector.projection.weight.shape == (4096, 5632)
    query = model.language_model.base_model.layers[31].self_attn.q_proj
    assert query.lora_A["default"].weight.shape == (64, 4096)
    assert query.scaling["default"] == 16 / 64
