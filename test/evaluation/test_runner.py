"""The runner over engines that know the answers, or none of them."""

import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from annexe_ros.core import NO_TARGET_ANSWER, GroundedObject, Interpretation, role_of
from annexe_ros.core.errors import DatasetFormatError, MissingDependencyError
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.sampling import draw_queries, image_rng
from annexe_ros.evaluation import text
from annexe_ros.evaluation.grounding import Overlap
from annexe_ros.evaluation.interaction import Findings
from annexe_ros.evaluation.runner import evaluate

NAMES = {1: "left hand", 2: "right hand", 3: "mug", 4: "bowl"}
CAPTION = "The right hand holds a mug above the table."
QUESTIONS = [(1,), (2,), (3,), (4,), (1, 2), (2, 3), (3, 4), (), (), ()]


def write_image(root, image_id, slots=4):
    for folder in ("RGB", "depth", "mask", "dataset_split/test"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / "mask" / f"{image_id}.png"), labels())
    cv2.imwrite(str(root / "RGB" / f"{image_id}.jpg"), np.zeros((16, 24, 3), np.uint8))
    cv2.imwrite(str(root / "depth" / f"{image_id}.png"), np.tile(np.arange(24, dtype=np.uint16) + 500, (16, 1)))
    records = [
        {
            "caption": CAPTION,
            "answer": " and ".join(NAMES[value] for value in values) or NO_TARGET_ANSWER,
            "tokens": [NAMES[value] for value in values] + [""] * (4 - len(values)),
            "masks_idx": [*values, *[0] * (4 - len(values))][:slots],
            "with_mask": int(bool(values)),
            "questions": [{"id": k, "query": f"{number} {k} {values}", "is_sentence": 0} for k in range(3)],
        }
        for number, values in enumerate(QUESTIONS)
    ]
    (root / "dataset_split" / "test" / f"{image_id}.json").write_text(json.dumps(records))


@pytest.fixture
def bench(tmp_path):
    for image_id in ("a", "b", "c"):
        write_image(tmp_path, image_id)
    return EgoIrgBench(tmp_path, "test")


def labels():
    return np.repeat(np.arange(6, dtype=np.uint8), 4)[None].repeat(16, axis=0) % 5


class Oracle:
    """Knows the record by the number that its questions begin with; shifts its masks by some columns."""

    engine = model = "oracle"

    def __init__(self, shift=0):
        self.shift, self.asked = shift, []

    def interpret(self, frame, query, progress=None):
        self.asked.append((frame, query))
        values = QUESTIONS[int(query.text.split()[0])]
        objects = tuple(GroundedObject(NAMES[value], value, 1.0, role_of(NAMES[value])) for value in values)
        answer = " and ".join(NAMES[value] for value in values) or NO_TARGET_ANSWER
        analysis = CAPTION if query.want_analysis else ""
        image = np.roll(labels(), self.shift, axis=1)
        return Interpretation(analysis, answer, bool(values), 1.0, objects, image, self.engine, self.model)


class Seer(Oracle):
    def estimate_depth(self, frame):
        return np.tile(np.linspace(0, 1, 24, dtype=np.float32), (16, 1))

    def name_instances(self, frame, instances):
        return NAMES


class Mute:
    engine = model = "mute"

    def interpret(self, frame, query, progress=None):
        return Interpretation("", NO_TARGET_ANSWER, False, 0.0, (), np.zeros((16, 24), np.uint8), "mute", "mute")


def test_who_knows_everything_gets_full_marks(bench):
    figures = evaluate(Seer(), bench).to_json()
    measured = ["n", "images", "analysis", "answer", "grounding", "interaction", "indicator", "naming", "depth"]
    assert list(figures) == [*measured, "breakdown", "intervals"]
    assert (figures["n"], figures["images"]) == (18, 3)
    assert figures["grounding"] == {"ciou": 1, "giou": 1, "per_target_iou": 1, "authors_iou": 1}
    assert figures["answer"]["exact"] == figures["indicator"]["accuracy"] == 1
    assert figures["interaction"] == {"hands_found": 1, "objects_covered": 1}
    assert figures["answer"]["cider"] > 3
    assert figures["depth"]["mae"] == pytest.approx(0, abs=1e-6)
    assert figures["naming"] == {"all": 1, "hands": 1, "objects": 1, "touched": None}  # no truth says who touches what
    assert figures["breakdown"]["area"] == {"2 to 100 %": {"n": 6, "right": 1}}
    json.dumps(figures)


def test_who_says_nothing_is_right_where_nothing_is(bench):
    figures = evaluate(Mute(), bench).to_json()
    assert figures["answer"]["exact"] == figures["indicator"]["accuracy"] == pytest.approx(1 / 3)
    assert figures["grounding"]["giou"] == pytest.approx(1 / 3)
    assert figures["grounding"]["ciou"] == figures["grounding"]["per_target_iou"] == 0
    assert figures["analysis"]["cider"] == 0
    assert figures["interaction"] == {"hands_found": 0, "objects_covered": 0}
    assert figures["depth"]["mae"] is None
    assert set(figures["naming"].values()) == {None}
    assert figures["notes"] == ["naming: mute has no name for every pixel", "depth: mute estimates none"]


def test_masks_beside_the_target_are_seen(bench):
    # Bands of 4 columns, shifted by 1: single targets keep 3 of 5, pairs of neighbours 7 of 9.
    rows = evaluate(Oracle(shift=1), bench).queries
    mugs = [row.overlap.iou for row in rows if row.targets in {("mug",), ("bowl",), ("right hand",)}]
    pairs = [row.overlap.iou for row in rows if row.targets in {("right hand", "mug"), ("mug", "bowl")}]
    assert mugs == [pytest.approx(3 / 5)] * len(mugs) != []
    assert pairs == [pytest.approx(7 / 9)] * len(pairs) != []


class Renaming(Oracle):
    """Puts its objects into another order, and may give one another name."""

    def __init__(self, order, names):
        super().__init__()
        self.order, self.names = order, names

    def interpret(self, frame, query, progress=None):
        reply = super().interpret(frame, query)
        objects = (replace(target, label=self.names.get(target.label, target.label)) for target in reply.objects)
        return replace(reply, objects=tuple(sorted(objects, key=lambda target: self.order.index(target.mask_value))))


@pytest.mark.parametrize(
    ("order", "names"),
    [((2, 3, 4, 1), {}), ((1, 2, 3, 4), {}), ((2, 3, 4, 1), {"left hand": "knife"}), ((2, 3, 4, 1), {"bowl": "mug"})],
)
def test_a_target_that_has_no_mask_counts_on_neither_side(tmp_path, monkeypatch, order, names):
    monkeypatch.setattr(sys.modules[__name__], "QUESTIONS", [(2, 3, 4, 1)])
    write_image(tmp_path, "a", slots=3)
    (row,) = evaluate(Renaming(order, names), EgoIrgBench(tmp_path, "test")).queries
    assert row.overlap == Overlap(4 * 16 * 3, 4 * 16 * 3, (1.0, 1.0, 1.0), 1.0)
    assert row.findings == Findings(hands=1, hands_found=1, hands_invented=0, objects=2, objects_covered=2)


def test_each_image_is_described_once_and_encoded_as_one_frame(bench):
    oracle = Oracle()
    evaluate(oracle, bench)
    assert [query.want_analysis for _, query in oracle.asked] == ([True] + [False] * 5) * 3
    assert len({id(frame) for frame, _ in oracle.asked}) == 3
    assert all(frame.depth is None for frame, _ in oracle.asked)


def test_the_draw_follows_the_seed_and_the_image_alone(bench):
    def asked(seed, ids):
        bench.ids = ids
        return [(row.image_id, row.query) for row in evaluate(Mute(), bench, seed=seed).queries]

    every = asked(3, ("a", "b", "c"))
    assert every == asked(3, ("a", "b", "c"))
    assert every != asked(4, ("a", "b", "c"))
    assert asked(3, ("b",)) == [row for row in every if row[0] == "b"]


@pytest.mark.parametrize(("count", "kinds"), [(6, (2, 2, 2)), (9, (3, 3, 3)), (10, (4, 3, 3)), (99, (4, 3, 3))])
def test_kinds_take_turns_until_they_run_out(bench, count, kinds):
    drawn = draw_queries(bench.records("a"), count, image_rng(0, "a"))
    counts = tuple(sum(record.kind == kind for record, _ in drawn) for kind in ("single", "multi", "none"))
    assert counts == kinds
    assert len({record.questions for record, _ in drawn}) == len(drawn)
    assert all(question in record.questions for record, question in drawn)


def test_progress_counts_images(bench):
    seen = []
    evaluate(Mute(), bench, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_missing_wordnet_leaves_meteor_open(bench, monkeypatch):
    def missing(predicted, references):
        raise MissingDependencyError("WordNet, which METEOR needs,", "apt-get install wordnet-base")

    monkeypatch.setattr(text, "meteor", missing)
    figures = evaluate(Seer(), bench).to_json()
    assert figures["answer"]["meteor"] is figures["analysis"]["meteor"] is None
    assert figures["notes"] == [
        "meteor: WordNet, which METEOR needs, is not installed; install it with: apt-get install wordnet-base"
    ]


@pytest.mark.parametrize("folder", ["mask", "depth"])
def test_images_that_do_not_fit_each_other_are_refused(bench, folder):
    dtype = np.uint8 if folder == "mask" else np.uint16
    cv2.imwrite(str(bench.root / folder / "b.png"), np.resize(np.arange(6), (8, 8)).astype(dtype) % 5)
    with pytest.raises(DatasetFormatError, match=f"{folder}/b.png: isn't of its image's size"):
        evaluate(Seer(), bench)
