"""What tells seeing from reading: true maps in place of those that the network sees."""

from __future__ import annotations

import shutil

import pytest

from annexe_ros.core.errors import DatasetFormatError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def test_the_maps_are_those_of_the_truth(rectangle_dataset, tiny_model):
    from measure_reading import TrueMaps

    from annexe_ros.data.ego_irgbench import EgoIrgBench

    dataset = EgoIrgBench(rectangle_dataset, "test")
    maps = TrueMaps(tiny_model.dense_heads, dataset, tiny_model.config.labels)
    maps.image_id = dataset.ids[0]
    fine = torch.rand(1, tiny_model.config.pixel_channels, 72, 96)
    with torch.inference_mode():
        depth, labels, contact = maps(fine)
    mask = torch.from_numpy(dataset.mask(maps.image_id)).long()
    right_hand, mug, knife = 2, 3, 4
    assert torch.equal(labels.argmax(1)[0], torch.tensor([0, right_hand, mug, knife])[mask])
    assert torch.equal(contact[0, 1] > 0, (mask == 1) | (mask == 2))
    assert not (contact[0, 0] > 0).any()
    torch.testing.assert_close(depth, tiny_model.dense_heads(fine)[0])


def test_both_shares_are_told(rectangle_dataset, tiny_folder):
    from measure_reading import measure

    found = measure(rectangle_dataset, "test", str(tiny_folder))
    assert found.keys() == {"images", "exact", "exact_with_true_maps"}
    assert found["images"] == 6
    assert 0 <= found["exact"] <= 1


def test_images_whose_truth_nobody_knows_are_refused(rectangle_dataset, tiny_folder, tmp_path):
    from measure_reading import measure

    root = shutil.copytree(rectangle_dataset, tmp_path / "data", ignore=shutil.ignore_patterns("scene"))
    with pytest.raises(DatasetFormatError, match="has no true maps"):
        measure(root, "test", str(tiny_folder))
