"""Which name the pixels of an instance get: by hand on four cells, and through the engine."""

from __future__ import annotations

import numpy as np
import pytest

from annexe_ros.core import Frame, InstanceNamer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

NAMES = ["mug", "knife"]


def named(instances, probabilities):
    """Return the names that (1 + names, h, w) probabilities give."""
    from annexe_ros.inference.grounding import names_under

    return names_under(np.array(instances, np.uint8), torch.tensor(probabilities).log(), NAMES)


def test_all_cells_of_an_instance_decide_together_and_the_background_has_no_say():
    background, mug, knife = [[0.9, 0.1, 0.1, 0.8]], [[0.06, 0.5, 0.2, 0.1]], [[0.04, 0.4, 0.7, 0.1]]
    # In the first two cells the mug is likelier, .030 to .016; in all three the knife, .0112 to .006.
    assert named([[9, 9, 4, 0]], [background, mug, knife]) == {4: "knife", 9: "mug"}
    assert named([[9, 9, 9, 0]], [background, mug, knife]) == {9: "knife"}


def test_an_instance_between_the_middles_of_cells_gets_no_name():
    one_cell = [[[0.2]], [[0.5]], [[0.3]]]
    assert named([[3, 0, 0], [0, 8, 0], [0, 0, 0]], one_cell) == {8: "mug"}


def test_the_engine_names_what_its_label_map_shows(tiny_folder, monkeypatch):
    from annexe_ros.inference.annexe import AnnexeEngine

    engine = AnnexeEngine(tiny_folder, "cpu")
    frame = Frame(np.full((64, 64, 3), 90, np.uint8))
    encode = engine._network.encode_image

    def seen_as_knife(pixels):
        encoding = encode(pixels)
        encoding.label_logits = torch.zeros_like(encoding.label_logits)
        encoding.label_logits[:, 1 + engine._network.config.labels.index("knife")] = 1
        return encoding

    monkeypatch.setattr(engine._network, "encode_image", seen_as_knife)
    assert isinstance(engine, InstanceNamer)
    assert engine.name_instances(frame, np.full((64, 64), 7, np.uint8)) == {7: "knife"}


def test_a_model_without_vocabulary_names_nothing():
    from annexe_ros.inference.grounding import names_under

    assert names_under(np.ones((4, 4), np.uint8), torch.zeros(1, 2, 2), []) == {}
