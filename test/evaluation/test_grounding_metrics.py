"""Grounding and depth metrics against values worked out by hand, and against what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annexe_ros.evaluation import grounding
from annexe_ros.evaluation.grounding import overlap

SIZE = (4, 6)


def box(x, y, width, height):
    mask = np.zeros(SIZE, dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask


# 24 pixels. One target of 8, found as 8 of which 4 are right; a second of 4, found whole.
FIRST = overlap([box(2, 0, 4, 2)], [box(0, 0, 4, 2)], SIZE)
SECOND = overlap([box(0, 0, 2, 2), box(4, 2, 2, 2)], [box(0, 0, 4, 2), box(4, 2, 2, 2)], SIZE)
MISSED = overlap([], [box(0, 0, 3, 1)], SIZE)
INVENTED = overlap([box(0, 0, 3, 1)], [], SIZE)
NOTHING = overlap([], [], SIZE)


def test_overlaps_by_hand():
    assert (FIRST.intersection, FIRST.union, FIRST.target_ious) == (4, 12, (pytest.approx(4 / 12),))
    assert (SECOND.intersection, SECOND.union) == (8, 12)
    assert SECOND.target_ious == (0.5, 1.0)
    assert (MISSED.intersection, MISSED.union, MISSED.target_ious, MISSED.iou) == (0, 3, (0.0,), 0.0)
    assert (INVENTED.intersection, INVENTED.union, INVENTED.target_ious, INVENTED.iou) == (0, 3, (), 0.0)
    assert NOTHING.iou == 1.0


def test_authors_iou_by_hand():
    # Background of FIRST: 16 true, 16 found, 12 in common, union 20.
    assert FIRST.authors_iou == pytest.approx((12 / 20 + 4 / 12) / 2)
    # Background of SECOND: 12 true, 16 found, 12 in common.
    assert SECOND.authors_iou == pytest.approx((12 / 16 + 0.5 + 1.0) / 3)
    # An invented target costs only what it takes from the background: its label isn't in the ground truth.
    assert INVENTED.authors_iou == pytest.approx(21 / 24)
    assert NOTHING.authors_iou == 1.0


def test_the_three_figures_differ_as_they_should():
    overlaps = [FIRST, SECOND, MISSED, NOTHING]
    assert grounding.ciou(overlaps) == pytest.approx((4 + 8) / (12 + 12 + 3))
    assert grounding.giou(overlaps) == pytest.approx((4 / 12 + 8 / 12 + 0 + 1) / 4)
    assert grounding.per_target_iou(overlaps) == pytest.approx((4 / 12 + 0.5 + 1 + 0) / 4)


def test_targets_are_compared_by_slot():
    swapped = overlap([box(4, 2, 2, 2), box(0, 0, 2, 2)], [box(0, 0, 2, 2), box(4, 2, 2, 2)], SIZE)
    assert swapped.iou == 1.0
    assert swapped.target_ious == (0.0, 0.0)


def test_without_any_target_there_is_nothing_to_overlap():
    assert grounding.per_target_iou([NOTHING, INVENTED]) is None
    assert grounding.ciou([NOTHING, INVENTED]) is None


masks = st.lists(arrays(bool, SIZE), max_size=4)


@given(masks)
def test_a_perfect_prediction_counts_one(true):
    # Masks come from a label image, so they don't overlap; empty ones are no targets.
    labels = grounding.label_map(true, SIZE)
    apart = [labels == label for label in np.unique(labels) if label]
    same = overlap(apart, apart, SIZE)
    figures = [grounding.giou([same]), same.authors_iou, *same.target_ious]
    assert figures == [1.0] * len(figures)
    assert grounding.ciou([same]) == (1.0 if apart else None)


@given(masks, masks)
def test_figures_are_shares_and_the_foreground_is_the_union(predicted, true):
    found = overlap(predicted, true, SIZE)
    assert 0 <= found.intersection <= found.union <= 24
    assert all(0 <= value <= 1 for value in (found.iou, found.authors_iou, *found.target_ious))
    assert len(found.target_ious) == len(true)
    assert found.iou == overlap(predicted[::-1], true, SIZE).iou


def test_depth_error_by_hand():
    true = np.array([[1.0, 2.0], [3.0, np.nan]], np.float32)
    estimated = np.array([[0.0, 1.0], [1.0, 100.0]], np.float32)
    # Known pixels: true 0, .5, 1; estimated 0, 1, 1.
    assert grounding.depth_error(estimated, true) == pytest.approx(0.5 / 3)


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_depth_error_ignores_scale_and_shift(scale, shift):
    true = np.linspace(0.4, 1.7, 24, dtype=np.float32).reshape(SIZE)
    assert grounding.depth_error((true * scale + shift).astype(np.float32), true) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("value", [np.nan, 0.8])
def test_depth_without_any_relief_has_no_error(value):
    assert grounding.depth_error(np.zeros(SIZE, np.float32), np.full(SIZE, value, np.float32)) is None
    assert grounding.depth_error(np.zeros(SIZE, np.float32), np.linspace(0, 1, 24).reshape(SIZE)) == pytest.approx(0.5)
