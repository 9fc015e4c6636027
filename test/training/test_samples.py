"""Samples, batches and augmentation: what the model is taught is what the files say."""

from __future__ import annotations

import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from annexe_ros.core import Hands
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench, Record

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

LABELS = ["left hand", "right hand", "mug", "knife"]


@pytest.fixture
def samples(rectangle_dataset):
    from annexe_ros.training.samples import Samples

    return Samples(EgoIrgBench(rectangle_dataset), LABELS, queries_per_image=5, seed=3)


@pytest.fixture
def collator(tiny_model, tiny_processor):
    from annexe_ros.training.batches import Collator

    return Collator(tiny_processor, tiny_model.config)


def test_drawing_depends_on_seed_epoch_and_index_alone(samples):
    first = samples.draw(2).texts
    assert samples.draw(2).texts == first
    assert samples.draw(2, epoch=1).texts != first


def test_questions_that_name_what_isnt_there_are_asked_as_often_as_any_kind(rectangle_dataset, monkeypatch):
    from annexe_ros.training.samples import Samples

    def asked(question, *targets):
        return Record("", "", targets, (0,) * len(targets), bool(targets), (question,))

    rare = asked("the mug and the knife", "mug")
    usual = [asked(f"mug {k}", "mug") for k in range(20)]
    records = (rare, *usual, asked("both", "mug", "knife"), asked("the spoon"))
    samples = Samples(EgoIrgBench(rectangle_dataset), LABELS, queries_per_image=4, seed=3)
    monkeypatch.setattr(samples.dataset, "masked_records", lambda _: (records, np.zeros((72, 96), np.uint8)))
    drawn = [{text.query for text in samples.draw(0, epoch).texts} for epoch in range(9)]
    assert all(rare.questions[0] in questions for questions in drawn)


@pytest.mark.parametrize(("images", "read"), [(0, 6), (1, 5), (2, 4)])
def test_as_many_images_are_kept_as_fit_into_the_memory(rectangle_dataset, monkeypatch, images, read):
    from annexe_ros.training.samples import Samples

    dataset, opened = EgoIrgBench(rectangle_dataset), []
    bytes_of_one = 72 * 96 * (3 + 2 + 1)  # colour, depth as float16, mask
    samples = Samples(dataset, LABELS, queries_per_image=1, seed=3, cache_bytes=images * bytes_of_one)
    decoded = dataset.image
    monkeypatch.setattr(dataset, "image", lambda name: opened.append(name) or decoded(name))
    for index in (0, 1, 2, 0, 1, 2):
        samples.draw(index)
    assert len(opened) == read


def test_an_image_whose_depth_is_of_another_size_is_refused(rectangle_dataset, tmp_path):
    from annexe_ros.training.samples import Samples

    root = tmp_path / "copy"
    shutil.copytree(rectangle_dataset, root)
    path = next((root / "depth").glob("train_*.png"))
    cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[::2, ::2])
    dataset = EgoIrgBench(root)
    with pytest.raises(DatasetFormatError, match=rf"depth \(36, 48\) and mask \(72, 96\) of '{path.stem}'"):
        Samples(dataset, [], 2, seed=0).draw(dataset.ids.index(path.stem))


def test_truth_gives_labels_and_contact(samples):
    sample = samples.draw(0)
    assert sample.label_of[:4].tolist() == [0, 2, 3, 4]
    assert sample.label_of[9] == -1
    right_only = [0.0, 1.0]
    assert sample.contact_of[1].tolist() == right_only
    assert sample.contact_of[2].tolist() == right_only
    assert sample.contact_of[3].tolist() == [0.0, 0.0]


def test_truth_gives_colours_of_things_and_none_of_hands(rectangle_dataset, tiny_processor, tiny_model):
    from annexe_ros.training.batches import IGNORED, Collator
    from annexe_ros.training.samples import Samples, colour_names, instance_colours

    dataset = EgoIrgBench(rectangle_dataset)
    truth = dataset.truth(dataset.ids[0])
    colours = colour_names([truth])
    known = {instance.colour for instance in truth.instances if instance.colour}
    assert colours == sorted(known)
    table = instance_colours(truth, colours)
    for instance in truth.instances:
        assert table[instance.index] == (colours.index(instance.colour) + 1 if instance.colour else 0)
    assert (instance_colours(truth, ["mauve"])[[i.index for i in truth.instances if i.colour]] == -1).all()
    batch = Collator(tiny_processor, tiny_model.config)([Samples(dataset, LABELS, 2, 3, colours=colours).draw(0)])
    assert set(batch.colour_map.unique().tolist()) == {0, *range(1, len(colours) + 1)}
    untold = Collator(tiny_processor, tiny_model.config)([Samples(dataset, LABELS, 2, 3).draw(0)])
    assert IGNORED in untold.colour_map


def test_without_truth_labels_come_from_answers_and_contact_is_unknown(rectangle_dataset):
    from annexe_ros.training.samples import instance_contacts, instance_labels

    dataset = EgoIrgBench(rectangle_dataset)
    labels = instance_labels(dataset.records(dataset.ids[0]), None, LABELS)
    assert labels[:4].tolist() == [0, 2, 3, 4]
    assert np.isnan(instance_contacts(None)).all()
    assert Hands.RIGHT in dataset.truth(dataset.ids[0]).instances[1].touched_by


def test_batch_slots_hold_the_targets_in_the_answers_order(samples, collator):
    sample = samples.draw(0)
    batch = collator([sample])
    height, width = batch.pixel_values.shape[-2:]
    for number, text in enumerate(sample.texts):
        assert batch.slot_valid[0, number].sum() == len(text.names)
        for slot, value in enumerate(text.mask_values):
            share = batch.slot_occupancy[0, number, slot].mean()
            assert float(share) == pytest.approx((sample.mask == value).mean(), rel=0.15)
    assert (height % 32, width % 32) == (0, 0)


def test_batch_predicts_the_reply_and_nothing_of_the_prompt(samples, collator):
    batch = collator([samples.draw(0)])
    for ids, labels, query in zip(batch.input_ids[0], batch.labels[0], batch.query_mask[0], strict=True):
        learned = labels != -100
        assert torch.equal(ids.roll(-1)[learned], labels[learned])
        assert not (learned & query & query.roll(-1)).any()
        assert labels[learned][-1] == 2


def test_texts_of_one_batch_share_a_padded_length(samples, collator):
    batch = collator([samples.draw(0), samples.draw(1)])
    assert batch.input_ids.shape[:2] == (2, 6)
    assert batch.input_ids.shape[2] % 8 == 0
    assert torch.isnan(batch.has_target[:, 0]).all()


def test_a_crop_keeps_every_instance_recognisable(samples):
    from annexe_ros.training.augment import MINIMUM_KEPT, crop

    sample = samples.draw(0)
    whole = np.bincount(sample.mask.ravel(), minlength=4)
    for seed in range(40):
        cut = crop(sample, 4 / 3, np.random.default_rng(seed))
        kept = np.bincount(cut.mask.ravel(), minlength=4)
        assert (kept[1:4] >= MINIMUM_KEPT * whole[1:4]).all()
        assert cut.image.shape[:2] == cut.depth.shape == cut.mask.shape


@pytest.mark.parametrize("size", [(448, 576), (384, 672), (112, 144)])
def test_instances_stay_where_the_image_has_them(samples, size):
    from annexe_ros.training.augment import resize

    disc = cv2.circle(np.zeros((480, 640), dtype=np.uint8), (300, 230), 170, 1, cv2.FILLED)
    image = np.repeat(disc[:, :, None] * np.uint8(255), 3, axis=2)
    there = resize(replace(samples.draw(0), image=image, mask=disc, depth=disc.astype(np.float32)), *size)
    seen = centre(there.image[:, :, 0])
    assert np.abs(centre(there.mask) - seen).max() < 0.1
    assert np.abs(centre(there.depth) - seen).max() < 0.1


def centre(weights):
    places = np.indices(weights.shape)
    return (places * weights).sum(axis=(1, 2)) / weights.sum()


def test_photometric_augmentation_is_seeded_and_changes_the_image():
    from annexe_ros.training.augment import photometric

    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    first, second = (photometric(image, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, image)
    assert first.dtype == np.uint8
    assert first.shape == image.shape


def test_min_max_depth_spans_zero_to_one_and_keeps_unknown():
    from annexe_ros.training.batches import min_max

    depth = np.array([[1.0, 3.0], [np.nan, 2.0]], dtype=np.float32)
    np.testing.assert_allclose(min_max(depth), [[0, 1], [np.nan, 0.5]])
    assert np.isnan(min_max(np.full((2, 2), np.nan, dtype=np.float32))).all()


def test_a_mirrored_scene_exchanges_the_hands_in_pixels_tables_and_texts(rectangle_dataset):
    from annexe_ros.training.samples import Samples

    dataset = EgoIrgBench(rectangle_dataset, "train")
    plain = Samples(dataset, LABELS, 6, seed=0)
    either = Samples(dataset, LABELS, 6, seed=0, mirror=True)
    pairs = [(plain.draw(k), either.draw(k)) for k in range(len(dataset))]
    mirrored = [(a, b) for a, b in pairs if (b.mask != a.mask).any()]
    assert 0 < len(mirrored) < len(pairs)
    for before, after in mirrored:
        np.testing.assert_array_equal(after.image, before.image[:, ::-1])
        np.testing.assert_array_equal(after.depth, before.depth[:, ::-1])
        np.testing.assert_array_equal(after.contact_of, before.contact_of[:, ::-1])
        assert before.label_of[1] == LABELS.index("right hand") + 1
        assert after.label_of[1] == LABELS.index("left hand") + 1
        assert before.texts[0].reply.lower().replace("right", "left") == after.texts[0].reply.lower()
        assert not any("right hand" in text.names for text in after.texts)


def test_an_image_that_was_not_generated_is_never_mirrored(rectangle_dataset, tmp_path):
    from annexe_ros.training.samples import Samples

    root = shutil.copytree(rectangle_dataset, tmp_path / "data", ignore=shutil.ignore_patterns("scene"))
    dataset = EgoIrgBench(root, "train")
    samples = Samples(dataset, ["right hand", "mug", "knife"], 2, seed=0, mirror=True)
    for k, image_id in enumerate(dataset.ids):
        np.testing.assert_array_equal(samples.draw(k).mask, dataset.mask(image_id))


@pytest.fixture
def renamed(rectangle_dataset):
    from annexe_ros.training.samples import Samples

    return Samples(EgoIrgBench(rectangle_dataset), LABELS, queries_per_image=5, seed=0, renamed=1.0)


def exchanged(samples):
    """Return a sample in which mug and knife have each other's names."""
    return next(sample for sample in map(samples.draw, range(6)) if sample.is_renamed)


def test_things_that_swap_names_do_so_in_tables_and_texts(samples, renamed):
    before, after = samples.draw(0), exchanged(renamed)
    right, mug, knife = 2, 3, 4
    assert before.label_of[:4].tolist() == [0, right, mug, knife]
    assert after.label_of[:4].tolist() == [0, right, knife, mug]
    assert after.map_of.tolist() == [0, 1, right, knife, mug]
    assert "mug" in before.texts[0].reply
    assert "knife" not in before.texts[0].reply
    assert after.texts[0].reply == before.texts[0].reply.replace("mug", "knife")
    targets = {(name, value) for text in after.texts for name, value in zip(text.names, text.mask_values, strict=True)}
    assert targets <= {("right hand", 1), ("knife", 2), ("mug", 3)}
    assert len(targets) > 1


def test_a_label_map_goes_with_the_name_that_its_thing_bears(renamed, tiny_model, collator):
    sample = exchanged(renamed)
    batch = collator([sample])
    with torch.inference_mode():
        own = tiny_model.encode_image(batch.pixel_values)
        told = tiny_model.encode_image(batch.pixel_values, batch.map_order)
    torch.testing.assert_close(told.label_logits[:, [0, 1, 2, 4, 3]], own.label_logits)
    torch.testing.assert_close(told.coarse, own.coarse)
    assert not torch.equal(told.visual_tokens, own.visual_tokens)


def test_masks_are_not_taught_where_things_bear_other_names(samples, renamed, collator):
    batch = collator([exchanged(renamed), samples.draw(0)])
    assert not batch.slot_valid[0].any()
    assert batch.slot_valid[1].any()


def test_as_many_scenes_are_renamed_as_asked_for(rectangle_dataset):
    from annexe_ros.training.samples import Samples

    some = Samples(EgoIrgBench(rectangle_dataset), LABELS, 6, seed=0, renamed=0.5)
    count = sum(some.draw(k, epoch).is_renamed for k in range(6) for epoch in range(20))
    assert 15 < count < 45  # of 120, half are drawn and half of these keep their names


def test_an_image_that_was_not_generated_keeps_its_names(rectangle_dataset, tmp_path):
    from annexe_ros.training.samples import Samples

    root = shutil.copytree(rectangle_dataset, tmp_path / "data", ignore=shutil.ignore_patterns("scene"))
    samples = Samples(EgoIrgBench(root), LABELS, 2, seed=0, renamed=1.0)
    assert not any(samples.draw(k).is_renamed for k in range(6))
