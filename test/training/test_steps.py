"""Which images a step gets: every image once per epoch, shared by the processes, and the same at every call."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def batches(count, batch_size, process=0, processes=1, seed=0):
    from annexe_ros.training.steps import StepBatches

    return StepBatches([None] * count, None, batch_size, seed, process, processes)


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4))
def test_all_processes_together_show_every_image_once_an_epoch(count, batch_size, processes):
    steps = -(-3 * count // (batch_size * processes))
    shares = [batches(count, batch_size, process, processes) for process in range(processes)]
    drawn = Counter(drawn for share in shares for number in range(steps) for drawn in share.drawn(number))
    assert max(drawn.values()) == 1
    assert {(epoch, index) for epoch in range(3) for index in range(count)} <= set(drawn)


def test_order_changes_with_epoch_and_seed_alone():
    first = [list(batches(30, 10).drawn(number)) for number in range(6)]
    assert first == [list(batches(30, 10).drawn(number)) for number in range(6)]
    orders = np.array(first)[..., 1].reshape(2, 30)
    assert (orders[0] != orders[1]).any()
    assert first != [list(batches(30, 10, seed=1).drawn(number)) for number in range(6)]
