"""The reader against folders written here, well-formed and not."""

import json

import cv2
import numpy as np
import pytest

from annexe_ros.core import NO_TARGET_ANSWER
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench, choose_question

ID = "ZY20210800001_H1_C11_N07_S185_s02_T2_00104"


def item(tokens=("mug",), values=(2,), slots=4, **changes):
    return {
        "caption": "The right hand holds a white mug above the table.",
        "answer": " and ".join(tokens) or NO_TARGET_ANSWER,
        "tokens": [*tokens, *[""] * (4 - len(tokens))],
        "masks_idx": [*values, *[0] * (slots - len(values))],
        "with_mask": int(bool(tokens)),
        "questions": [{"id": 0, "query": "Segment the mug.", "is_sentence": 1}],
    } | changes


def write(root, items, image_id=ID, split="train"):
    for folder in ("RGB", "depth", "mask", f"dataset_split/{split}"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    image = np.zeros((12, 16, 3), np.uint8)
    image[..., 0] = 200
    cv2.imwrite(str(root / "RGB" / f"{image_id}.jpg"), image[..., ::-1])
    depth = np.full((12, 16), 500, np.uint16)
    depth[0, 0] = 0
    cv2.imwrite(str(root / "depth" / f"{image_id}.png"), depth)
    mask = np.zeros((12, 16), np.uint8)
    mask[:, :4], mask[:, 8:] = 1, 2
    cv2.imwrite(str(root / "mask" / f"{image_id}.png"), mask)
    (root / "dataset_split" / split / f"{image_id}.json").write_text(json.dumps(items))
    return root


def test_images_come_in_rgb_and_metres(tmp_path):
    bench = EgoIrgBench(write(tmp_path, [item()]))
    assert bench.ids == (ID,)
    assert len(bench) == 1
    assert bench.image(ID).shape == (12, 16, 3)
    assert bench.image(ID)[5, 5, 0] > 190
    depth = bench.depth(ID)
    assert depth.dtype == np.float32
    assert np.isnan(depth[0, 0])
    assert depth[3, 3] == pytest.approx(0.5)
    assert bench.mask(ID)[0, 9] == 2
    assert bench.truth(ID) is None


def test_the_first_images_of_a_split(tmp_path):
    for image_id in "abc":
        write(tmp_path, [item()], image_id)
    bench = EgoIrgBench(tmp_path)
    assert bench.first(2).ids == ("a", "b")
    assert bench.first(9).ids == bench.ids == ("a", "b", "c")
    assert bench.first(1).mask("a").shape == (12, 16)


def test_every_record_is_its_own(tmp_path):
    items = [item(), item(("right hand", "mug"), (1, 2)), item((), ()), item(("mug",), (2,), slots=3)]
    records = EgoIrgBench(write(tmp_path, items)).records(ID)
    assert [record.kind for record in records] == ["single", "multi", "none", "single"]
    assert [record.targets for record in records] == [("mug",), ("right hand", "mug"), (), ("mug",)]
    assert records[1].mask_values == (1, 2)
    assert records[1].answer_text == "right hand and mug"
    assert records[2].answer_text == NO_TARGET_ANSWER


def test_ids_are_sorted(tmp_path):
    for name in ("b", "a", "c"):
        write(tmp_path, [item()], name)
    assert EgoIrgBench(tmp_path).ids == ("a", "b", "c")


def test_a_fourth_name_has_no_slot_in_the_authors_files(tmp_path):
    names = ("left hand", "right hand", "mug", "bowl")
    record = EgoIrgBench(write(tmp_path, [item(names, (1, 2, 3), slots=3)])).records(ID)[0]
    assert record.mask_values == (1, 2, 3, 0)


def test_the_choice_of_a_paraphrase_follows_the_seed(tmp_path):
    queries = [{"id": k, "query": f"query {k}", "is_sentence": 0} for k in range(50)]
    record = EgoIrgBench(write(tmp_path, [item(questions=queries)])).records(ID)[0]
    drawn = [choose_question(record, np.random.default_rng(7)) for _ in range(2)]
    assert drawn[0] == drawn[1] in record.questions
    assert len({choose_question(record, np.random.default_rng(seed)) for seed in range(20)}) > 5


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ({}, "must hold a list"),
        ([], "at least one record"),
        (["mug"], "record 0: is not a JSON object"),
        ([item(), {"caption": ""}], "record 1: lacks answer"),
        ([item(caption=None)], "must be text"),
        ([item(with_mask=2)], "with_mask must be 0 or 1"),
        ([item(tokens=("mug",)) | {"tokens": ["mug"]}], "list of 4 strings"),
        ([item(masks_idx=[2])], "3 or 4 integers"),
        ([item(masks_idx=[2, 0, 0, 256])], "3 or 4 integers"),
        ([item(masks_idx=[2, 0, 0, True])], "3 or 4 integers"),
        ([item(masks_idx=[0, 0, 0, 0])], "a slot"),
        ([item(masks_idx=[2, 1, 0, 0])], "a slot"),
        ([item(tokens=()) | {"with_mask": 1}], "begin with a name"),
        ([item() | {"tokens": ["", "mug", "", ""]}], "begin with a name"),
        ([item(questions=[])], "questions must be"),
        ([item(questions=[{"id": 0}])], "questions must be"),
        ([item(questions=[{"id": 0, "query": " "}])], "questions must be"),
    ],
)
def test_malformed_json_is_refused_with_its_path(tmp_path, items, why):
    bench = EgoIrgBench(write(tmp_path, items))
    with pytest.raises(DatasetFormatError, match=why) as caught:
        bench.records(ID)
    assert f"{ID}.json" in str(caught.value)


def test_a_target_without_pixels_is_refused_when_read_with_its_mask(tmp_path):
    bench = EgoIrgBench(write(tmp_path, [item(("mug",), (9,))]))
    with pytest.raises(DatasetFormatError, match="'mug' has mask value 9"):
        bench.masked_records(ID)


@pytest.mark.parametrize(("folder", "suffix"), [("RGB", "jpg"), ("depth", "png"), ("mask", "png")])
@pytest.mark.parametrize("content", [None, b"", b"not an image"])
def test_missing_and_damaged_images_are_refused(tmp_path, folder, suffix, content):
    bench = EgoIrgBench(write(tmp_path, [item()]))
    path = tmp_path / folder / f"{ID}.{suffix}"
    path.unlink() if content is None else path.write_bytes(content)
    read = {"RGB": bench.image, "depth": bench.depth, "mask": bench.mask}[folder]
    with pytest.raises(DatasetFormatError, match=f"{ID}.{suffix}: (no such file|is not a whole image)"):
        read(ID)


def test_images_of_the_wrong_type_are_refused(tmp_path):
    bench = EgoIrgBench(write(tmp_path, [item()]))
    cv2.imwrite(str(tmp_path / "depth" / f"{ID}.png"), np.zeros((4, 4), np.uint8))
    cv2.imwrite(str(tmp_path / "mask" / f"{ID}.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DatasetFormatError, match="uint16"):
        bench.depth(ID)
    with pytest.raises(DatasetFormatError, match="one channel of uint8"):
        bench.mask(ID)


def test_folders_that_hold_no_split_are_refused(tmp_path):
    with pytest.raises(DatasetFormatError, match="unknown split 'dev'"):
        EgoIrgBench(tmp_path, "dev")
    with pytest.raises(DatasetFormatError, match="no such folder"):
        EgoIrgBench(tmp_path)
    (tmp_path / "dataset_split" / "train").mkdir(parents=True)
    with pytest.raises(DatasetFormatError, match="has no JSON file"):
        EgoIrgBench(tmp_path)


@pytest.mark.parametrize("text", ["{}", "[", "[1]", '{"instances": 3}'])
def test_damaged_truth_is_refused(tmp_path, text):
    bench = EgoIrgBench(write(tmp_path, [item()]))
    (tmp_path / "scene").mkdir()
    (tmp_path / "scene" / f"{ID}.json").write_text(text)
    with pytest.raises(DatasetFormatError, match="scene"):
        bench.truth(ID)
