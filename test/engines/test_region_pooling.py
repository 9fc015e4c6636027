"""Features pooled in boxes: values that are known without torchvision."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from annexe_ros.inference.vlm_sam.region_pooling import roi_align  # noqa: E402

pytestmark = pytest.mark.engines
Y, X = torch.meshgrid(torch.arange(12.0), torch.arange(16.0), indexing="ij")
RAMPS = torch.stack([X, Y])[None]


@pytest.mark.parametrize("box", [(2.0, 1.0, 10.0, 9.0), (0.5, 0.25, 14.5, 10.75), (3.0, 3.0, 4.5, 4.5)])
@pytest.mark.parametrize("size", [1, 2, 7])
def test_of_a_ramp_each_cell_has_its_centre(box, size):
    left, top, right, bottom = box
    pooled = roi_align(RAMPS, [torch.tensor([box])], size)
    centres = (torch.arange(size) + 0.5) / size
    assert pooled.shape == (1, 2, size, size)
    assert torch.allclose(pooled[0, 0, 0], left + centres * (right - left), atol=1e-5)
    assert torch.allclose(pooled[0, 1, :, 0], top + centres * (bottom - top), atol=1e-5)


def test_a_tiny_box_is_one_pixel_wide():
    pooled = roi_align(RAMPS, [torch.tensor([[5.0, 5.0, 5.1, 5.1]])], 2)
    assert torch.allclose(pooled[0, 0, 0], torch.tensor([5.25, 5.75]), atol=1e-5)


def test_beyond_the_map_there_is_nothing_and_at_its_edge_the_edge():
    ones = torch.ones(1, 1, 4, 4)
    pooled = roi_align(ones, [torch.tensor([[-4.0, 0.0, 4.0, 4.0]])], 4)
    assert pooled[0, 0, 0].tolist() == pytest.approx([0.0, 0.5, 1.0, 1.0])


def test_boxes_of_several_images_in_their_order():
    maps = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    boxes = [torch.tensor([[1.0, 1.0, 5.0, 5.0]]), torch.tensor([[1.0, 1.0, 5.0, 5.0]] * 2)]
    assert roi_align(maps, boxes, 1).flatten().tolist() == pytest.approx([0.0, 1.0, 1.0])
    assert roi_align(maps, [torch.zeros(0, 4), torch.zeros(0, 4)], 3).shape == (0, 1, 3, 3)
