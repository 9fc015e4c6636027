"""The paper's layout runs on any device; without a GPU with a tiny configuration, which is told."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def test_a_tiny_model_stands_in_where_there_is_no_gpu():
    from annexe_ros.benchmark.paper_size import TINY, paper_size

    figures = paper_size(torch.device("cpu"))
    assert figures.size == TINY
    assert figures.tokens_per_s > 0
    assert figures.first_query_ms > 0
    assert figures.times_the_limit == pytest.approx(figures.limit_tokens_per_s / figures.tokens_per_s)


def test_the_limit_counts_each_weight_that_a_token_reads(tiny_model):
    from annexe_ros.benchmark.limits import token_bytes

    body, head = tiny_model.language_model.base_model.layers, tiny_model.language_model.lm_head
    assert token_bytes(tiny_model) == 4 * (sum(p.numel() for p in body.parameters()) + head.weight.numel())
