"""Losses: a right prediction costs nothing, missing supervision costs nothing, mistakes cost."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def occupancy(*squares):
    """Return occupancy and validity (1, 1, 4, 8, 8) with one 2x2 square per slot."""
    planes, valid = torch.zeros(1, 1, 4, 8, 8), torch.zeros(1, 1, 4, dtype=torch.bool)
    for slot, (y, x) in enumerate(squares):
        planes[0, 0, slot, y : y + 2, x : x + 2] = 1
        valid[0, 0, slot] = True
    return planes, valid


def test_right_masks_cost_nothing_and_exchanged_slots_cost():
    from annexe_ros.training.losses import mask_loss

    planes, valid = occupancy((0, 0), (4, 4))
    right = planes * 40 - 20
    assert float(mask_loss(right, planes, valid)) == pytest.approx(0, abs=1e-3)
    assert float(mask_loss(right[:, :, [1, 0, 2, 3]], planes, valid)) > 1


def test_unused_slots_do_not_matter():
    from annexe_ros.training.losses import mask_loss

    planes, valid = occupancy((2, 2))
    logits = torch.randn(1, 1, 4, 8, 8)
    changed = logits.clone()
    changed[:, :, 1:] += 7
    torch.testing.assert_close(mask_loss(logits, planes, valid), mask_loss(changed, planes, valid))


def test_a_query_without_target_teaches_no_mask_but_keeps_the_graph():
    from annexe_ros.training.losses import mask_loss

    planes, valid = occupancy()
    logits = torch.randn(1, 1, 4, 8, 8, requires_grad=True)
    loss = mask_loss(logits, planes, valid)
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad.abs().sum() == 0


def test_paper_weights():
    from annexe_ros.training.losses import LossWeights, weighted

    terms = dict.fromkeys(("analysis", "answer", "depth", "indicator", "mask"), torch.tensor(1.0))
    terms |= {"labels": torch.tensor(0.0), "contact": torch.tensor(0.0)}
    assert float(weighted(terms, LossWeights())) == pytest.approx((1 + 1 + 0.5 + 1 + 3) / 5)
