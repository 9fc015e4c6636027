"""An answer begins with the refusal just where the indicator sees no target."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

REFUSAL = 7


def test_the_refusal_is_left_alone_or_left_out(tiny_model, monkeypatch):
    from annexe_ros.inference.opening import IndicatedOpening

    judged = torch.tensor([[4.0], [-4.0]])
    monkeypatch.setattr(tiny_model.indicator, "forward", lambda query: judged)
    states = torch.randn(2, 3, tiny_model.config.text_config.hidden_size)
    logits = torch.randn(2, 20)
    logits[:, REFUSAL] = torch.tensor([9.0, -9.0])  # against the indicator, both times
    with torch.inference_mode():
        allowed = IndicatedOpening(tiny_model, REFUSAL)(states, logits)
    others = [token for token in range(20) if token != REFUSAL]
    assert allowed[0, REFUSAL] == -torch.inf
    assert torch.equal(allowed[0, others], logits[0, others])
    assert allowed[1].argmax() == REFUSAL
    assert allowed[1, others].eq(-torch.inf).all()


def test_what_the_indicator_judges_is_what_training_taught_it(tiny_model):
    states = torch.randn(2, 3, tiny_model.config.text_config.hidden_size)
    with torch.inference_mode():
        pooled, probability = tiny_model.indicate(states)
        expected = tiny_model.pool_query(states.unsqueeze(1), torch.ones(2, 1, 3, dtype=torch.bool))
        learned = tiny_model.indicator(expected)[:, 0].sigmoid()
    assert pooled.shape == (2, 1, states.shape[-1])
    assert torch.equal(pooled, expected)
    assert torch.equal(probability, learned)
