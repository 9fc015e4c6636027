"""Where the wearer of a generated scene looks: on what, how near, and in old files not at all."""

import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from annexe_ros.core import GroundedObject, Interpretation, Role, StageLatency
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.gaze import LOOK_NEARER, value_under_gaze
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.scenes.gaze import fixation
from annexe_ros.data.scenes.truth import Fixation, SceneTruth
from annexe_ros.evaluation.gaze import evaluate_gaze, evaluate_gaze_answers

EXAMPLES = Path(__file__).parents[2] / "examples" / "scenes"


@pytest.fixture
def scene(rectangle_dataset):
    dataset = EgoIrgBench(rectangle_dataset, "test")
    return dataset.truth(dataset.ids[0]), dataset.mask(dataset.ids[0])


def test_what_is_handled_is_looked_at_most_and_the_point_is_near(scene):
    truth, mask = scene
    fixations = [fixation(truth, mask, np.random.default_rng(seed)) for seed in range(300)]
    counts = Counter(found.target for found in fixations)
    hand, mug, knife = (
        next(i.index for i in truth.instances if i.label == name) for name in ("right hand", "mug", "knife")
    )
    assert counts[mug] > counts[knife] > counts[hand] > 0
    for found in fixations:
        rows, columns = np.nonzero(mask == found.target)
        assert np.hypot(columns - found.point[0], rows - found.point[1]).min() < 5


def test_nothing_in_view_is_not_looked_at(scene):
    truth, mask = scene
    assert fixation(truth, np.zeros_like(mask), np.random.default_rng(0)) is None


def test_a_scene_file_keeps_the_gaze_and_one_of_before_has_none(scene):
    truth, _ = scene
    looking = SceneTruth.from_json(
        json.loads(json.dumps({**truth.to_json(), "gaze": {"target": 2, "point": [3.5, 4]}}))
    )
    assert looking.gaze == Fixation(2, (3.5, 4))
    assert SceneTruth.from_json(json.loads(json.dumps(looking.to_json()))) == looking
    assert looking.mirrored().gaze == Fixation(2, (truth.camera.width - 1 - 3.5, 4))
    assert looking.mirrored().mirrored() == looking
    old = {name: value for name, value in truth.to_json().items() if name != "gaze"}
    assert SceneTruth.from_json(old).gaze is None


def test_assignment_on_shipped_scenes():
    found = evaluate_gaze(EgoIrgBench(EXAMPLES, "test"), 50)
    assert found["n"] >= 5
    assert found["right_object"] >= 0.9


def test_assignment_needs_generated_scenes(rectangle_dataset, tmp_path):
    split = tmp_path / "dataset_split" / "test"
    split.mkdir(parents=True)
    (split / "a.json").write_text("[]")
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "a.png").write_bytes(next((rectangle_dataset / "mask").glob("*.png")).read_bytes())
    with pytest.raises(DatasetFormatError, match="a is not a generated scene"):
        evaluate_gaze(EgoIrgBench(tmp_path, "test"), 5)


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_mask_of_another_size_is_refused(rectangle_dataset, tmp_path, factor):
    root = shutil.copytree(rectangle_dataset, tmp_path / "data")
    mask = cv2.imread(str(root / "mask/test_1.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(root / "mask/test_1.png"), cv2.resize(mask, None, fx=factor, fy=factor, interpolation=0))
    with pytest.raises(DatasetFormatError, match=r"mask/test_1\.png: isn't of its scene's size"):
        evaluate_gaze(EgoIrgBench(root, "test"), 5)


class Knowing:
    """Answers with the true mask of what is under the gaze, after two looks, and calls everything a mug."""

    engine = model = "knowing"

    def __init__(self, dataset):
        self._mask = dataset.mask(dataset.ids[0])  # all scenes are alike

    def interpret(self, frame, query, progress=None):
        mask = self._mask
        value = value_under_gaze(mask, query.gaze)
        target = GroundedObject("mug", 1, 1.0, Role.OBJECT)
        labels = (mask == value).astype(np.uint8)
        looks = (StageLatency("look", 1.0), StageLatency(LOOK_NEARER, 1.0))
        return Interpretation("", "mug", True, 1.0, (target,), labels, self.engine, self.model, looks)


def test_an_engine_is_asked_and_judged_by_its_mask_and_by_its_name(rectangle_dataset):
    dataset = EgoIrgBench(rectangle_dataset, "test")
    found = evaluate_gaze_answers(dataset, Knowing(dataset), 6)
    assert found["n"] == 6
    assert found["right_object"] == 1.0
    assert 0 < found["right_name"] < 1
    assert found["answered"] == found["nearer"] == 1.0
    assert 0 <= found["right_touch"] <= 1
