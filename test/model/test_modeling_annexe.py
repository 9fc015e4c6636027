"""Shapes, determinism and independence of queries, on a tiny random model."""

from __future__ import annotations

import copy

import pytest
from tiny_annexe import TINY_TEXT

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def texts(processor, replies):
    """Return padded ids, attention mask and query mask (1, Q, L) of replies to one prompt."""
    prompt = processor.answer_prompt_ids("segment the mug")
    rows = [prompt + processor.reply_ids(reply) for reply in replies]
    length = max(map(len, rows))
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])[None]
    attention = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])[None]
    query = torch.tensor([[True] * len(prompt) + [False] * (length - len(prompt)) for _ in rows])[None]
    return ids, attention, query


def run(model, processor, pixels, replies):
    ids, attention, query = texts(processor, replies)
    with torch.inference_mode():
        return model(pixels, processor.prefix_ids(), ids, attention, query)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 96), (96, 64)])
def test_shapes_at_any_size(tiny_model, tiny_processor, height, width):
    replies = [tiny_processor.marked_answer(["left hand", "mug"]), "There is no suitable target."]
    output = run(tiny_model, tiny_processor, torch.randn(1, 3, height, width), replies)
    assert output.mask_logits.shape == (1, 2, 4, height // 4, width // 4)
    assert output.indicator_logits.shape == (1, 2)
    assert output.encoding.visual_tokens.shape == (1, height * width // 32**2, 32)
    assert output.encoding.label_logits.shape == (1, 5, height // 4, width // 4)
    assert output.encoding.depth.min() >= 0
    assert output.encoding.depth.max() <= 1


def test_queries_about_one_image_do_not_influence_each_other(tiny_model, tiny_processor):
    pixels = torch.randn(1, 3, 64, 64)
    answer = tiny_processor.marked_answer(["left hand"])
    alone = run(tiny_model, tiny_processor, pixels, [answer])
    longer = tiny_processor.marked_answer(["right hand", "trash can", "mug"])
    together = run(tiny_model, tiny_processor, pixels, [longer, answer])
    length = alone.logits.shape[2]
    torch.testing.assert_close(together.logits[:, 1, :length], alone.logits[:, 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.mask_logits[:, 1, 0], alone.mask_logits[:, 0, 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.indicator_logits[:, 1], alone.indicator_logits[:, 0], atol=1e-5, rtol=1e-4)


def test_indicator_sees_the_query_only(tiny_model, tiny_processor):
    """The reply must not leak into the indicator, which at inference is asked before there is a reply."""
    pixels = torch.randn(1, 3, 64, 64)
    replies = [tiny_processor.marked_answer(["mug"]), "There is no suitable target."]
    logits = run(tiny_model, tiny_processor, pixels, replies).indicator_logits
    torch.testing.assert_close(logits[0, 0], logits[0, 1], atol=1e-5, rtol=1e-4)


def test_slots_follow_the_order_of_the_mask_tokens(tiny_model):
    states = torch.arange(12.0).reshape(1, 6, 2)
    ids = torch.tensor([[9, 3, 9, 9, 3, 9]])
    slots = tiny_model.slot_states(states, ids)
    torch.testing.assert_close(slots[0], torch.tensor([[2.0, 3.0], [8.0, 9.0], [0, 0], [0, 0]]))


def test_generation_agrees_with_teacher_forcing(tiny_model, tiny_processor):
    """What is generated token by token through the cache must be the greedy choice of one teacher-forced pass."""
    pixels = torch.randn(1, 3, 64, 64)
    prompt = tiny_processor.answer_prompt_ids("segment the mug")
    with torch.inference_mode():
        encoding = tiny_model.encode_image(pixels)
        cache = tiny_model.read_image(encoding, tiny_processor.prefix_ids())
        made = tiny_model.generate_text(copy.deepcopy(cache), torch.tensor([prompt]), max_new_tokens=6)
        ids = torch.tensor([[prompt + made.sequences[0].tolist()]])
        forced = tiny_model(pixels, tiny_processor.prefix_ids(), ids, torch.ones_like(ids), ids > -1)
    greedy = forced.logits[0, 0, len(prompt) - 1 : -1].argmax(-1)
    assert greedy.tolist() == made.sequences[0].tolist()


def test_generation_is_deterministic_and_can_be_stopped(tiny_model, tiny_processor):
    prompt = torch.tensor([tiny_processor.analysis_prompt_ids()])
    with torch.inference_mode():
        encoding = tiny_model.encode_image(torch.randn(1, 3, 64, 64))
        cache = tiny_model.read_image(encoding, tiny_processor.prefix_ids())
    first, second = (tiny_model.generate_text(copy.deepcopy(cache), prompt, 5).sequences for _ in range(2))
    assert torch.equal(first, second)
    seen = []

    def stop_at_two(token):
        seen.append(token)
        if len(seen) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny_model.generate_text(copy.deepcopy(cache), prompt, 5, stop_at_two)
    assert len(seen) == 2


def test_every_part_gets_a_gradient(tiny_model, tiny_processor):
    model = copy.deepcopy(tiny_model).train()
    ids, attention, query = texts(tiny_processor, [tiny_processor.marked_answer(["left hand", "mug"])] * 2)
    pixels = torch.randn(2, 3, 64, 64)
    output = model(pixels, tiny_processor.prefix_ids(), *(x.expand(2, -1, -1) for x in (ids, attention, query)))
    seen = output.encoding
    dense = sum(it.mean() for it in (seen.label_logits, seen.contact_logits, seen.depth, seen.colour_logits))
    (
        output.logits.logsumexp(-1).mean()
        + output.mask_logits[:, :, :2].mean()
        + output.indicator_logits.mean()
        + dense
    ).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None]
    assert without == []


def test_saved_model_is_the_same_model(tiny_model, tiny_folder):
    from annexe_ros.model import AnnexeForEgoIRG

    loaded = AnnexeForEgoIRG.from_pretrained(tiny_folder)
    ours, theirs = tiny_model.state_dict(), loaded.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (tiny_folder / "model.safetensors").is_file()


@pytest.mark.parametrize("text_type", ["llama", "qwen3"])
def test_another_language_model_is_a_matter_of_configuration(tiny_model, text_type):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    text = TINY_TEXT | {"model_type": text_type, "head_dim": 16, "vocab_size": 300}
    config = AnnexeConfig(tiny_model.config.vision_config, text, pyramid_channels=16, pixel_channels=8, labels=["mug"])
    model = AnnexeForEgoIRG(config).eval()
    with torch.inference_mode():
        encoding = model.encode_image(torch.randn(1, 3, 64, 64))
        cache = model.read_image(encoding, torch.tensor([1]))
        made = model.generate_text(cache, torch.tensor([[5, 6]]), 3)
    assert made.sequences.shape[0] == 1
