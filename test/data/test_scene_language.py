"""Records against the truth they are written from, for any scene."""

import dataclasses
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annexe_ros.core import NO_TARGET_ANSWER, Hands, PinholeCamera, Role
from annexe_ros.data.scenes import asks, strangers
from annexe_ros.data.scenes.language import questions, records
from annexe_ros.data.scenes.strangers import strangers_of
from annexe_ros.data.scenes.truth import CATEGORIES, Instance, SceneTruth
from annexe_ros.data.scenes.view import View
from annexe_ros.data.scenes.wording import paraphrases

CAMERA = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)


def instance(index, label, role=Role.OBJECT, touched_by=Hands.NONE, touches="", lifted=False, pixels=600):
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    colour = "orange" if role is Role.OBJECT else ""
    place = {"center": (0.0, 0.0, 0.8), "rotation": axes, "size": (0.1, 0.1, 0.1)}
    return Instance(index, label, role, colour, touched_by, touches, lifted, pixels, pixels, 0.0, **place)


def scene(left=None, right=None, clutter=("bowl", "knife", "lamp"), lifted=False, hands=(True, True)):
    """A scene whose hands touch the named objects; hands=(left in view, right in view)."""
    touched = {}
    for label, bit in ((left, Hands.LEFT), (right, Hands.RIGHT)):
        if label:
            touched[label] = touched.get(label, Hands.NONE) | bit
    items = [("left hand", Role.LEFT_HAND, left)] * hands[0] + [("right hand", Role.RIGHT_HAND, right)] * hands[1]
    made = [instance(k, name, role, touches=held or "") for k, (name, role, held) in enumerate(items, start=1)]
    for label in [*touched, *clutter]:
        by = touched.get(label, Hands.NONE)
        made.append(instance(len(made) + 1, label, touched_by=by, lifted=lifted and bool(by)))
    return SceneTruth("s", 0, CAMERA, 45.0, "table", tuple(made))


@st.composite
def scenes(draw):
    hands = draw(st.sampled_from([(True, True), (True, False), (False, True), (False, False)]))
    labels = draw(st.lists(st.sampled_from(CATEGORIES), min_size=3, max_size=9, unique=True))
    left = draw(st.sampled_from([None, *labels[:2]])) if hands[0] else None
    right = draw(st.sampled_from([None, *labels[:2]])) if hands[1] else None
    clutter = [label for label in labels if label not in (left, right)]
    truth = scene(left, right, clutter, draw(st.booleans()), hands)
    pixels = draw(st.lists(st.sampled_from([0, 5, 600]), min_size=len(clutter), max_size=len(clutter)))
    changed = [dataclasses.replace(i, visible_pixels=p) for i, p in zip(truth.instances[::-1], pixels, strict=False)]
    # The surface's first object stays in view: a scene shows at least one.
    kept = truth.instances[: len(truth.instances) - len(changed)] + tuple(changed[::-1])
    return dataclasses.replace(truth, instances=kept)


def answers(truth, ask):
    """Answers to one question over several draws of what is asked."""
    return {
        " and ".join(target.label for target in targets) or NO_TARGET_ANSWER
        for seed in range(12)
        for asked, targets in questions(View(truth), np.random.default_rng(seed))
        if asked == ask
    }


@settings(max_examples=40, deadline=None)
@given(truth=scenes(), seed=st.integers(0, 2**32 - 1))
def test_records_agree_with_the_truth(truth, seed):
    written = records(truth, np.random.default_rng(seed))
    by_index = {item.index: item for item in truth.instances}
    assert sum(len(record["questions"]) for record in written) >= 60
    assert len({record["caption"] for record in written}) == 1
    for record in written:
        names = [name for name in record["tokens"] if name]
        values = [value for value in record["masks_idx"] if value]
        assert len(record["tokens"]) == len(record["masks_idx"]) == 4
        assert [by_index[value].label for value in values] == names == record["tokens"][: len(names)]
        assert len(set(values)) == len(values)
        assert all(by_index[value].visible_pixels >= 38.4 for value in values)
        assert record["with_mask"] == bool(names)
        assert record["answer"] == (" and ".join(names) or NO_TARGET_ANSWER)
        roles = [by_index[value].role for value in values]
        assert roles == sorted(roles)


@settings(max_examples=40, deadline=None)
@given(truth=scenes(), seed=st.integers(0, 2**32 - 1))
def test_wordings_are_clean_and_different(truth, seed):
    for record in records(truth, np.random.default_rng(seed)):
        texts = [question["query"] for question in record["questions"]]
        assert len(texts) >= 2
        assert len({text.lower().rstrip(".!?") for text in texts}) == len(texts)
        for text in texts:
            assert not set("[]{}|") & set(text)
            assert "  " not in text
            assert text == text.strip() != ""
        assert {question["is_sentence"] for question in record["questions"]} <= {0, 1}


@settings(max_examples=40, deadline=None)
@given(truth=scenes(), seed=st.integers(0, 2**32 - 1))
def test_the_same_seed_writes_the_same(truth, seed):
    first, second = (records(truth, np.random.default_rng(seed)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_strangers_are_nothing_that_a_scene_may_have():
    known = {name for label in CATEGORIES for name in (label, *asks.SYNONYMS.get(label, ()))}
    assert not {word for name in known for word in name.split()} & set(strangers.NAMES)
    assert not set(strangers_of("train")) & set(strangers_of("test"))
    assert set(strangers_of("train")) | set(strangers_of("val")) == set(strangers.NAMES)


@settings(max_examples=40, deadline=None)
@given(truth=scenes(), seed=st.integers(0, 2**32 - 1))
def test_strangers_are_asked_for_and_never_there(truth, seed):
    unheard = strangers_of("test")
    about_them = [
        record
        for record in records(truth, np.random.default_rng(seed), unheard)
        if any(re.search(rf"\b({'|'.join(unheard)})\b", wording["query"].lower()) for wording in record["questions"])
    ]
    assert 4 <= len(about_them) <= 5
    assert all(record["answer"] == NO_TARGET_ANSWER for record in about_them[:4])
    assert all(sum(map(bool, record["tokens"])) == 1 for record in about_them[4:])


@pytest.mark.parametrize(("label", "phrase"), [("apple", "an apple"), ("mug", "a mug"), ("pliers", "these pliers")])
def test_names_have_their_article(label, phrase):
    texts = [
        wording["query"].lower()
        for seed in range(20)
        for wording in paraphrases(asks.named(label), np.random.default_rng(seed), 5)
    ]
    assert any(phrase in text for text in texts)
    assert not any(f" a {label}" in text for text in texts if phrase != f"a {label}")


@pytest.mark.parametrize("seed", range(5))
def test_scenes_with_hands_offer_plenty_of_every_kind(seed):
    written = records(scene(right="mug", hands=(False, True)), np.random.default_rng(seed))
    counts = np.bincount([min(sum(map(bool, record["tokens"])), 2) for record in written], minlength=3)
    assert counts.min() >= 7


@pytest.mark.parametrize(
    ("truth", "caption"),
    [
        (scene(hands=(False, False)), "No hand interacts with the objects on the table."),
        (scene(right="mug", lifted=True, hands=(False, True)), "The right hand holds an orange mug above the table."),
        (scene(left="scissors", hands=(True, False)), "The left hand touches a pair of orange scissors on the table."),
        (scene("mug", "mug", lifted=True), "Both hands hold an orange mug above the table."),
        (scene("mug", "mug"), "Both hands touch an orange mug on the table."),
        (scene(None, "storage furniture"),
         "The left hand is idle and the right hand touches a piece of orange storage furniture on the table."),
    ],
)  # fmt: skip
def test_captions_follow_visible_facts(truth, caption):
    assert records(truth, np.random.default_rng(0))[0]["caption"] == caption


@pytest.mark.parametrize(
    ("truth", "ask", "answer"),
    [
        (scene("bowl", "mug"), asks.HANDS_AND_OBJECTS, "left hand and right hand and bowl and mug"),
        (scene("mug", "mug"), asks.HANDS_AND_OBJECTS, "left hand and right hand and mug"),
        (scene(None, "mug"), asks.HANDS_AND_OBJECTS, "right hand and mug"),
        (scene(), asks.HANDS_AND_OBJECTS, NO_TARGET_ANSWER),
        (scene(None, "mug", hands=(False, True)), asks.HANDS, "right hand"),
        (scene(hands=(False, False)), asks.HANDS, NO_TARGET_ANSWER),
        (scene(hands=(False, True)), asks.hand("left"), NO_TARGET_ANSWER),
        (scene("bowl", "mug"), asks.ACTIVE_HANDS, "left hand and right hand"),
        (scene(None, "mug"), asks.IDLE_HANDS, "left hand"),
        (scene("bowl", "mug"), asks.ACTIVE_OBJECTS, "bowl and mug"),
        (scene("mug", "bowl"), asks.ACTIVE_OBJECTS, "mug and bowl"),
        (scene(None, "mug"), asks.HANDS_AND_HELD, "left hand and right hand and mug"),
        (scene("bowl", "mug"), asks.object_of_hand("left"), "bowl"),
        (scene(None, "mug"), asks.object_of_hand("left"), NO_TARGET_ANSWER),
        (scene("mug", "mug"), asks.SHARED_OBJECT, "mug"),
        (scene("bowl", "mug"), asks.SHARED_OBJECT, NO_TARGET_ANSWER),
        (scene(None, "mug"), asks.hand_and_object("right"), "right hand and mug"),
        (scene(None, "mug"), asks.hand_and_object("left"), "left hand"),
        (scene(None, "mug"), asks.named("mug", "orange"), "mug"),
        (scene(None, "mug"), asks.named("bowl", "orange"), "bowl"),
        (scene(None, "mug"), asks.named("kettle"), NO_TARGET_ANSWER),
        (scene(None, "mug"), asks.named_active("mug"), "mug"),
        (scene(None, "mug"), asks.named_active("bowl"), NO_TARGET_ANSWER),
        (scene(None, "mug"), asks.named_of_hand("mug", "right"), "mug"),
        (scene(None, "mug"), asks.named_of_hand("mug", "left"), NO_TARGET_ANSWER),
        (scene("mug", "mug"), asks.hand_of_named("mug"), "left hand and right hand"),
        (scene(None, "mug"), asks.hand_of_named("bowl"), NO_TARGET_ANSWER),
        (scene(None, "mug"), asks.named_and_its_hand("mug"), "right hand and mug"),
        (scene(None, "mug"), asks.together(["hands", "mug"]), "left hand and right hand and mug"),
        (scene(None, "mug"), asks.together(["mug", "right hand"]), "right hand and mug"),
        (scene(None, "mug"), asks.together(["mug", "bowl"]), "mug and bowl"),
        (scene(None, "mug"), asks.together(["bowl", "mug"]), "bowl and mug"),
    ],
)
def test_questions_have_the_right_answer(truth, ask, answer):
    assert answers(truth, ask) == {answer}


def asked_by_name(truth, label):
    found = (asks.named(label, "orange"), asks.named(label), asks.named_active(label), asks.hand_of_named(label))
    return set().union(*(answers(truth, ask) for ask in found))


def test_names_that_two_objects_share_are_not_asked_about():
    assert asked_by_name(scene(right="mug", clutter=("bowl", "bowl", "lamp")), "bowl") == set()


def test_slivers_are_neither_named_nor_asked_about():
    truth = scene(right="mug")
    sliver = [dataclasses.replace(item, visible_pixels=5) if item.label == "bowl" else item for item in truth.instances]
    assert asked_by_name(truth, "bowl") == {"bowl", NO_TARGET_ANSWER}
    assert asked_by_name(dataclasses.replace(truth, instances=tuple(sliver)), "bowl") == set()


@pytest.mark.parametrize(
    ("ask", "wording"),
    [
        (asks.HANDS_AND_OBJECTS, "please segment the hands and objects in interaction"),
        (asks.ACTIVE_HANDS, "please segment the hand that is in interaction"),
        (asks.named_of_hand("toy car", "left"), "active toy car interacting with the left hand"),
        (asks.named("mug"), "segment the mug"),
        (asks.object_of_hand("right"), "what is the right hand holding"),
        (asks.ACTIVE_OBJECTS, "what am i holding"),
    ],
)
def test_wordings_of_the_benchmark_and_of_daily_use_are_among_them(ask, wording):
    rng = np.random.default_rng(0)
    texts = {text["query"].lower().rstrip(".!?") for _ in range(400) for text in paraphrases(ask, rng, 3)}
    assert wording in texts


@settings(max_examples=40, deadline=None)
@given(truth=scenes(), seed=st.integers(0, 2**32 - 1))
def test_no_wording_has_two_answers(truth, seed):
    answers_to = {}
    for record in records(truth, np.random.default_rng(seed)):
        for question in record["questions"]:
            answers_to.setdefault(question["query"].lower().rstrip(".!?"), set()).add(record["answer"])
    assert [text for text, found in answers_to.items() if len(found) > 1] == []
