"""Analysis-guided answering: what was described changes what is answered, and nothing else changes where it is off."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

PREFIX, PROMPT = torch.tensor([1]), [5, 6, 7]


@pytest.fixture(scope="module")
def guided(tiny_model):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    torch.manual_seed(0)
    model = AnnexeForEgoIRG(AnnexeConfig(**tiny_model.config.to_diff_dict() | {"analysis_guided": True}))
    model.load_state_dict(tiny_model.state_dict(), strict=False)
    return model.eval()


def ask(model, analysis, pixels):
    """Run an analysis and a query (1, 2, 6) with teacher forcing."""
    ids = torch.tensor([[[*PROMPT, *analysis, 2], [*PROMPT, 3, 8, 2]]])
    with torch.inference_mode():
        return model(pixels, PREFIX, ids, torch.ones_like(ids), torch.tensor([True] * 3 + [False] * 3).expand(1, 2, -1))


def test_another_analysis_gives_another_answer(guided):
    pixels = torch.randn(1, 3, 64, 64)
    one, other = ask(guided, [20, 21], pixels), ask(guided, [30, 31], pixels)
    for name in ("logits", "indicator_logits"):
        assert (getattr(one, name)[:, 1] - getattr(other, name)[:, 1]).abs().max() > 1e-6, name
    assert (one.mask_logits[:, 1, 0] - other.mask_logits[:, 1, 0]).abs().max() > 1e-6


def test_without_it_an_answer_knows_no_analysis(tiny_model):
    pixels = torch.randn(1, 3, 64, 64)
    one, other = ask(tiny_model, [20, 21], pixels), ask(tiny_model, [30, 31], pixels)
    assert torch.equal(one.logits[:, 1], other.logits[:, 1])


def test_generation_agrees_with_teacher_forcing(guided):
    pixels = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        cache = guided.read_image(guided.encode_image(pixels), PREFIX)
        prompt = torch.tensor([PROMPT])
        analysis = guided.generate_text(copy.deepcopy(cache), prompt, 5)
        descriptor = guided.analysis_descriptor(analysis)
        made = guided.generate_text(cache, prompt, 5, descriptor=descriptor)
        ids = torch.tensor([[[*PROMPT, *reply.sequences[0].tolist(), 2] for reply in (analysis, made)]])
        query = torch.tensor([[[True] * 3 + [False] * 6] * 2])
        forced = guided(pixels, PREFIX, ids, torch.ones_like(ids), query)
        everything = torch.ones(1, 1, 3, dtype=torch.bool)
        indicated = guided.indicator(guided.pool_query(made.prompt_states[None], everything, descriptor))
    assert forced.logits[0, 1, 2:-2].argmax(-1).tolist() == made.sequences[0].tolist()
    torch.testing.assert_close(forced.logits[0, 1, 2:-2].softmax(-1).amax(-1), made.token_probabilities[0])
    torch.testing.assert_close(indicated[0, 0], forced.indicator_logits[0, 1])


def test_an_empty_analysis_says_nothing(guided):
    states = torch.randn(2, 4, 32)
    replied = torch.tensor([[True, False, False, False], [False] * 4])
    descriptor = guided.analysis_synthesizer(states, replied)
    assert torch.equal(descriptor[1], torch.zeros(32))
    assert descriptor[0].abs().max() > 0


def test_padding_is_not_read(guided):
    states, replied = torch.randn(1, 4, 32), torch.tensor([[True, True, False, False]])
    noisy = torch.where(replied[..., None], states, 99.0)
    torch.testing.assert_close(
        guided.analysis_synthesizer(states, replied), guided.analysis_synthesizer(noisy, replied)
    )


def test_the_synthesizer_learns_from_the_answer(guided):
    model = copy.deepcopy(guided).train()
    ids = torch.tensor([[[*PROMPT, 20, 21, 2], [*PROMPT, 3, 8, 2]]])
    query = torch.tensor([True] * 3 + [False] * 3).expand(1, 2, -1)
    output = model(torch.randn(1, 3, 64, 64), PREFIX, ids, torch.ones_like(ids), query)
    output.logits[:, 1].logsumexp(-1).mean().backward()
    assert all(
        p.grad.abs().max() > 0
        for n, p in model.analysis_synthesizer.named_parameters()
        if n != "attention.in_proj_bias"
    )
