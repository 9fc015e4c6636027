"""From mask logits to objects with masks."""

import numpy as np
import torch

from annexe_ros.core import GroundedObject, Role
from annexe_ros.inference.grounding import ground

SIZE = (48, 64)
CELLS = (12, 16)
"""Of four pixels each."""


def mug_at(*boxes):
    """Return the logits of one map that is sure of boxes (first and last row, first and last column) in cells."""
    logits = torch.full((1, *CELLS), -8.0)
    for top, bottom, left, right in boxes:
        logits[0, top:bottom, left:right] = 8.0
    return logits


def test_a_mask_has_no_specks_and_its_score_none_of_theirs():
    mug = GroundedObject("mug", 0, 1.0, Role.OBJECT)
    (alone,), _ = ground([mug], mug_at((2, 10, 2, 10)), None, SIZE)
    with_speck = mug_at((2, 10, 2, 10))
    with_speck[0, 10, 14] = 1.0
    (target,), windows = ground([mug], with_speck, None, SIZE)
    assert (target.mask_value, target.score) == (1, alone.score)
    assert windows.around(1) == (slice(8, 40), slice(8, 40))


def test_two_mugs_under_one_name_stay_two():
    mug = GroundedObject("mug", 0, 1.0, Role.OBJECT)
    _, windows = ground([mug], mug_at((2, 10, 2, 8), (3, 6, 12, 15)), None, SIZE)
    assert windows.labels[16, 20] == windows.labels[18, 54] == 1
    assert not np.any(windows.labels[:, 40:44])
