"""Numbers held against the truth of the shipped recording, whose camera sways as a head does."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from annexe_ros.core import GroundedObject, Interpretation
from annexe_ros.core.tracking import Tracker
from annexe_ros.data.recording import RecordedFrame, Recording
from annexe_ros.data.scenes.truth import SceneTruth

ROOT = Path(__file__).parents[2] / "examples" / "recordings" / "head_camera"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=f"{ROOT.name} is not in this checkout")


def true_reply(entry: RecordedFrame) -> Interpretation:
    truth = SceneTruth.from_json(json.loads((ROOT / "scene" / f"{entry.id}.json").read_text()))
    labels = np.asarray(PIL.Image.open(ROOT / "mask" / f"{entry.id}.png"))
    objects = tuple(GroundedObject(item.label, item.index, 1.0, item.role) for item in truth.instances)
    return Interpretation("", "", True, 1.0, objects, labels, "truth", "truth")


@pytest.mark.parametrize("step", [1, 5])
def test_everything_keeps_its_number(step: int):
    """Asked five times a second, and once."""
    frames, tracker = Recording.open(ROOT).frames[::step], Tracker()
    seen = {
        (target.label, target.track_id)
        for entry in frames
        for target in tracker.update(true_reply(entry), entry.stamp_ns).objects
    }
    assert len({label for label, _ in seen}) == len(seen) > 4
