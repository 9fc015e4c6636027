"""Who touches what, held against the truth of the scenes and the recording that are shipped: needs no GL."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from annexe_ros.core import Frame, GroundedObject, Interpretation, Role
from annexe_ros.core.contact import with_contacts
from annexe_ros.data.recording import Recording
from annexe_ros.data.scenes.truth import Instance, SceneTruth

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not in this checkout")


def judged(folder: str, *, with_depth: bool) -> Iterator[tuple[Instance, GroundedObject]]:
    """Yield the truth of every object, and what masks and, where wanted, depth say of it."""
    recording = Recording.open(EXAMPLES / folder)
    for entry in recording.frames[:: max(1, len(recording.frames) // 8)]:
        truth = SceneTruth.from_json(json.loads((EXAMPLES / folder / "scene" / f"{entry.id}.json").read_text()))
        labels = np.asarray(PIL.Image.open(EXAMPLES / folder / "mask" / f"{entry.id}.png"))
        silent = tuple(GroundedObject(item.label, item.index, 1.0, item.role) for item in truth.instances)
        seen = recording.read(entry)
        frame = seen if with_depth else Frame(seen.image)
        reply = with_contacts(Interpretation("", "", True, 1.0, silent, labels, "truth", "truth"), frame)
        yield from zip(truth.instances, reply.objects, strict=True)


@pytest.mark.parametrize("folder", ["scenes", "recordings/head_camera"])
def test_with_depth_every_hand_that_touches_is_found_and_no_other(folder: str):
    for truth, item in judged(folder, with_depth=True):
        assert (truth.label, item.touched_by) == (truth.label, truth.touched_by)
        assert item.active == bool(truth.touched_by)


@pytest.mark.parametrize("folder", ["scenes", "recordings/head_camera"])
def test_without_depth_every_hand_that_touches_is_found_and_few_others(folder: str):
    objects = [pair for pair in judged(folder, with_depth=False) if pair[0].role is Role.OBJECT]
    assert all(truth.touched_by in item.touched_by for truth, item in objects)
    assert np.mean([truth.touched_by == item.touched_by for truth, item in objects]) > 0.9
