"""What SAM 2.1 and SAM 3 are asked for a named box, and which arm a hand is on."""

from __future__ import annotations

import numpy as np
import pytest
from planted_replies import FRAME

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from annexe_ros.inference.vlm_sam.reply import NamedBox  # noqa: E402
from annexe_ros.inference.vlm_sam.sam import _arm_of, load_sam  # noqa: E402

pytestmark = [pytest.mark.engines, pytest.mark.model]


def prompts_of(grounder, label="mug"):
    """Return what a grounder asks its network for a box of FRAME."""
    asked = []
    grounder._network.register_forward_pre_hook(lambda _, __, given: asked.append(given), with_kwargs=True)
    grounder.ground(FRAME, [NamedBox(label, (40.0, 30.0, 80.0, 90.0))], lambda: None)
    return asked


def test_sam2_is_asked_for_the_box_in_pixels_as_it_sees_them(checkpoints):
    (asked,) = prompts_of(load_sam(str(checkpoints / "sam2"), torch.device("cpu"), 0.5, 0.3))
    assert asked["input_boxes"].flatten().tolist() == pytest.approx([32, 32, 64, 96])


@pytest.mark.parametrize(
    ("label", "threshold", "names"),
    [
        ("mug", 0.0, ["mug"]),
        ("mug", 1.0, ["mug", "visual"]),
        ("left hand", 0.0, ["hand", "arm"]),
        ("left hand", 1.0, ["hand", "visual", "arm"]),
    ],
)
def test_sam3_is_asked_for_the_name_and_if_that_is_missing_for_the_box(
    checkpoints, monkeypatch, label, threshold, names
):
    monkeypatch.setattr("annexe_ros.inference.vlm_sam.sam.SAME_PLACE_IOU", 0.0)  # noise lies anywhere
    grounder = load_sam(str(checkpoints / "sam3"), torch.device("cpu"), 0.5, threshold)
    asked = prompts_of(grounder, label)
    assert [grounder._tokenizer.decode(a["input_ids"][0], skip_special_tokens=True) for a in asked] == names
    boxes = [given["input_boxes"].flatten().tolist() for given in asked if "input_boxes" in given]
    assert boxes == [pytest.approx([0.375, 0.5, 0.25, 0.5])] * names.count("visual")


def test_a_hand_is_on_the_arm_that_covers_or_meets_most_of_it():
    hand, sleeve, other = (np.zeros((100, 100), bool) for _ in range(3))
    hand[40:60, 40:60] = sleeve[61:100, 45:55] = other[0:39, 0:42] = True
    assert _arm_of(hand, np.stack([other, sleeve])) is not None
    assert np.array_equal(_arm_of(hand, np.stack([other, sleeve])), sleeve)
    assert np.array_equal(_arm_of(hand, np.stack([hand | sleeve, other])), hand | sleeve)
    assert _arm_of(hand, np.zeros((0, 100, 100), bool)) is None
    assert _arm_of(hand, np.roll(other, -20, axis=1)[None]) is None
