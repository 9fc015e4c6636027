"""Boxes held against the truth of the scenes that are shipped: needs no GL."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annexe_ros.core import GroundedObject, Interpretation, Role
from annexe_ros.core.geometry import locate
from annexe_ros.data.recording import Recording
from annexe_ros.data.scenes.truth import SceneTruth

SCENES = Path(__file__).parents[2] / "examples" / "scenes"

pytestmark = pytest.mark.skipif(not SCENES.is_dir(), reason=f"{SCENES.name} are not in this checkout")


def center_errors(recording: Recording, id_: str) -> list[float]:
    """Return the distance [m] from the true centre of every object in full view."""
    frame = recording.read(next(entry for entry in recording.frames if entry.id == id_))
    truth = SceneTruth.from_json(json.loads((SCENES / "scene" / f"{id_}.json").read_text()))
    labels = np.asarray(Image.open(SCENES / "mask" / f"{id_}.png"))
    inner = labels[1:-1, 1:-1]
    seen_whole = [
        item
        for item in truth.instances
        if item.role is Role.OBJECT
        and item.visible_pixels > 0.98 * item.full_pixels
        and (labels == item.index).sum() == (inner == item.index).sum()
    ]
    objects = tuple(GroundedObject(item.label, item.index, 1.0, item.role) for item in seen_whole)
    located = locate(Interpretation("", "", True, 1.0, objects, labels, "truth", "truth"), frame)
    return [
        float(np.linalg.norm(found.box3d.center - item.center))
        for found, item in zip(located.objects, seen_whole, strict=True)
        if found.box3d is not None
    ]


def test_the_median_error_of_the_centre_is_under_two_centimetres():
    recording = Recording.open(SCENES)
    errors = [error for entry in recording.frames for error in center_errors(recording, entry.id)]
    assert errors
    assert np.median(errors) < 0.02
