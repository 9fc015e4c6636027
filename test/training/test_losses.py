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


def test_slots_of_one_mask_share_its_cells_and_the_loss_stays_bounded():
    from annexe_ros.training.losses import mask_loss

    planes, valid = occupancy((0, 0), (0, 0))
    certain = planes * 400 - 200
    assert 0 <= float(mask_loss(certain, planes, valid)) < 2
    apart, valid = occupancy((0, 0), (4, 4))
    assert float(mask_loss(apart * 400 - 200, apart, valid)) == pytest.approx(0, abs=1e-3)


def test_paper_weights():
    from annexe_ros.training.losses import LossWeights, weighted

    terms = dict.fromkeys(("analysis", "answer", "depth", "indicator", "mask"), torch.tensor(1.0))
    terms |= {"labels": torch.tensor(0.0), "contact": torch.tensor(0.0)}
    assert float(weighted(terms, LossWeights())) == pytest.approx((1 + 1 + 0.5 + 1 + 3) / 5)


def test_weights_can_be_changed_by_name():
    from annexe_ros.core.errors import ParameterError
    from annexe_ros.training.losses import LossWeights

    changed = LossWeights().changed(["mask=0.3", "depth=0"])
    assert (changed.mask, changed.depth, changed.answer) == (0.3, 0.0, 0.2)
    assert LossWeights().changed([]) == LossWeights()
    for wrong in ("masks=1", "mask", "mask=-1", "mask=nan", "=1"):
        with pytest.raises(ParameterError, match=f"'{wrong}' isn't NAME=NUMBER; the names are analysis, answer"):
            LossWeights().changed([wrong])


def label_loss(logits, target):
    from annexe_ros.training.losses import _label_loss

    return float(_label_loss(logits, target))


def test_a_small_object_costs_more_than_its_share_of_pixels():
    target = torch.zeros(1, 32, 32, dtype=torch.int64)
    target[0, :20, :20], target[0, 28:, 28:] = 1, 2
    right = torch.nn.functional.one_hot(target, 3).permute(0, 3, 1, 2) * 20.0
    large_missed, small_missed = right.clone(), right.clone()
    large_missed[0, 1, :20, :20] = small_missed[0, 2, 28:, 28:] = -20
    assert label_loss(right, target) == pytest.approx(0, abs=1e-3)
    ratio = label_loss(large_missed, target) / label_loss(small_missed, target)
    assert ratio == pytest.approx((400 / 16) ** 0.5, rel=0.1)


def test_what_is_touched_counts_twice():
    from annexe_ros.training.losses import _label_loss

    target = torch.zeros(1, 8, 8, dtype=torch.long)
    target[0, :4, :4], target[0, 4:, 4:] = 1, 2
    logits = torch.zeros(1, 3, 8, 8)
    logits[0, 0, :4, :4] = 4  # wrong of what is touched
    touched = target == 1
    wrong, plain = (float(_label_loss(logits, target, which)) for which in (touched, torch.zeros_like(touched)))
    assert wrong > plain
    assert float(_label_loss(logits, target)) == plain


def test_unknown_labels_cost_nothing():
    from annexe_ros.training.batches import IGNORED

    logits, target = torch.randn(2, 3, 8, 8), torch.full((2, 8, 8), IGNORED)
    assert label_loss(logits, target) == 0
    target[0] = 1
    changed = logits.clone()
    changed[1] += torch.randn(3, 8, 8)
    assert label_loss(logits, target) == label_loss(changed, target)


def test_contact_counts_an_object_by_the_root_of_its_area_and_skips_what_is_unknown():
    from annexe_ros.training.losses import _contact_loss

    labels = torch.zeros(1, 32, 32, dtype=torch.int64)
    labels[0, :20, :20], labels[0, 28:, 28:] = 1, 2
    truth = (labels > 0).float().unsqueeze(1).expand(1, 2, 32, 32).clone()
    right = (truth * 2 - 1) * 20.0
    large_missed, small_missed = right.clone(), right.clone()
    large_missed[:, :, :20, :20] = small_missed[:, :, 28:, 28:] = -20
    ratio = float(_contact_loss(large_missed, truth, labels) / _contact_loss(small_missed, truth, labels))
    assert ratio == pytest.approx((400 / 16) ** 0.5, rel=0.1)
    truth[:, :, :20, :20] = torch.nan
    assert float(_contact_loss(large_missed, truth, labels)) == pytest.approx(0, abs=1e-3)
