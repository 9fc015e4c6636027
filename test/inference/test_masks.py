"""A label image drawn box by box is the one that full-size interpolation gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def whole(logits, size):
    """Return what comes of bringing every map to full size."""
    maps = torch.nn.functional.interpolate(logits[None], size, mode="bilinear", align_corners=False)[0]
    return torch.nn.functional.pad(maps, (0, 0, 0, 0, 1, 0)).max(0).indices.numpy()


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    maps=st.integers(1, 4),
    cells=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    size=st.tuples(st.integers(3, 90), st.integers(3, 90)),
    level=st.floats(-2.0, 1.0),
)
def test_boxes_change_nothing(seed, maps, cells, size, level):
    from annexe_ros.inference.masks import label_image

    logits = torch.randn((maps, *cells), generator=torch.Generator().manual_seed(seed)) + level
    ours, theirs = label_image(logits, size), whole(logits, size)
    assert ours.shape == size
    assert ours.dtype == np.uint8
    assert (ours != theirs).mean() <= 0.002  # where two maps are equal but for rounding


def test_no_positive_cell_is_no_mask():
    from annexe_ros.inference.masks import label_image

    assert not label_image(torch.full((2, 4, 4), -1.0), (20, 30)).any()


def test_cells_are_read_at_their_middles():
    from annexe_ros.inference.masks import cells_of

    labels = np.zeros((6, 9), np.uint8)
    labels[1, 4] = 7
    assert cells_of(labels, (2, 3)).tolist() == [[0, 7, 0], [0, 0, 0]]


def test_a_mask_between_the_middles_has_its_strongest_cell():
    from annexe_ros.inference.masks import members

    logits = np.array([[0.1, 0.9]], np.float32)
    assert members(3, np.array([[0, 0]], np.uint8), logits).tolist() == [[False, True]]
    assert members(3, np.array([[3, 0]], np.uint8), logits).tolist() == [[True, False]]
