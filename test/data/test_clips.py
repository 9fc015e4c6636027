"""Generated clips: words, hard negatives, motions, and the films themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips.annotation import NEGATIVES, ClipAnnotation, word
from annexe_ros.data.clips.dataset import ClipFolder, RenderedClip, generate_clips, render_clips, write_clip
from annexe_ros.data.clips.motion import FRAMES, Hold, moments
from annexe_ros.data.clips.taxonomy import CLIP_NOUNS, CLIP_VERBS, Taxonomy, substitutes
from annexe_ros.data.clips.things import OPENING, Joint, make
from annexe_ros.data.clips.vocabulary import NOUNS, SUITABLE, VERB_NAMES, VERBS, backwards, deal, verb_wordings

PAIRS = [(verb, noun) for noun, verbs in SUITABLE.items() for verb in verbs]


def hold(**changes):
    x = np.array([1.0, 0, 0])
    facts = {
        "point": np.array([0, 0, 0.05]),
        "away": x * 0.15,
        "forearm": -x,
        "ahead": np.array([0, 1.0, 0]),
        "along": x,
    }
    return Hold(**(facts | changes))


def places(shown):
    return np.array([np.concatenate([moment.hand(np.zeros((1, 3)))[0], moment.thing(np.zeros((1, 3)))[0]])
                     for moment in shown])  # fmt: skip


def test_every_verb_has_enough_negatives_and_a_film_backwards():
    assert len(VERB_NAMES) > NEGATIVES
    assert len(NOUNS) > NEGATIVES
    assert all(backwards(backwards(verb)) == verb for verb in VERB_NAMES)
    assert {verb for verbs in SUITABLE.values() for verb in verbs} == set(VERB_NAMES)


def test_what_is_dealt_is_suitable_and_nouns_come_evenly():
    dealt = [deal(3, index) for index in range(5 * len(NOUNS))]
    assert all(verb in SUITABLE[noun] for verb, noun in dealt)
    assert sorted(noun for _, noun in dealt) == sorted(5 * NOUNS)


@pytest.mark.parametrize(("verb", "noun"), PAIRS)
def test_negatives_change_one_word_and_never_to_a_synonym(verb, noun):
    wording = word(np.random.default_rng(1), verb, noun)
    same_verb = [f"#C C {other} the" for other in verb_wordings(verb)]
    assert len(set(wording.verb_negatives)) == len(set(wording.noun_negatives)) == NEGATIVES
    assert not any(caption.startswith(tuple(same_verb)) for caption in wording.verb_negatives)
    ending = wording.narration.split(" the ")[1]
    beginning = wording.narration.split(" the ")[0]
    assert all(caption.endswith(f" the {ending}") for caption in wording.verb_negatives)
    assert all(caption.startswith(f"{beginning} the ") for caption in wording.noun_negatives)


@given(st.integers(0, 2**31), st.sampled_from(VERBS))
def test_substitutes_come_from_different_groups(seed, verb):
    caption = f"#C C {verb.wordings[0]} the mug"
    rng = np.random.default_rng(seed)
    found = [text.removeprefix("#C C ").removesuffix(" the mug") for text in
             substitutes(rng, caption, verb.wordings[0], CLIP_VERBS, 5)]  # fmt: skip
    groups = {CLIP_VERBS.group_of(words) for words in found}
    assert len(groups) == 5
    assert verb.wordings not in groups


def test_more_negatives_than_groups_are_refused():
    with pytest.raises(ValueError, match="the taxonomy has 11 other groups"):
        substitutes(np.random.default_rng(0), "#C C cuts the mug", "mug", CLIP_NOUNS, 12)
    with pytest.raises(ValueError, match="no word of the caption"):
        substitutes(np.random.default_rng(0), "#C C cuts the mug", "bowl", CLIP_NOUNS, 1)


def test_a_taxonomy_is_read_as_published(tmp_path):
    (tmp_path / "verbs.csv").write_text("label,group\ntake,\"['takes', 'picks']\"\nput,\"['puts']\"\n")
    taxonomy = Taxonomy.read(tmp_path / "verbs.csv")
    assert taxonomy.group_of("picks") == ("takes", "picks")
    assert taxonomy.others(["takes"]) == [1]


@pytest.mark.parametrize("cell", ["takes", "[]", "[1]", "__import__('os')"])
def test_a_group_that_is_none_is_refused(tmp_path, cell):
    (tmp_path / "verbs.csv").write_text(f"label,group\ntake,{cell}\n")
    with pytest.raises(DatasetFormatError, match="row 2"):
        Taxonomy.read(tmp_path / "verbs.csv")


@pytest.mark.parametrize(("verb", "other"), [("pick up", "put down"), ("push", "pull"), ("lift", "lower")])
def test_paired_verbs_are_each_other_backwards(verb, other):
    forwards = places(moments(np.random.default_rng(4), verb, hold()))
    assert np.allclose(forwards, places(moments(np.random.default_rng(4), other, hold()))[::-1])
    assert forwards.shape == (FRAMES, 6)
    assert not np.allclose(forwards, forwards[::-1], atol=0.02)


def test_opening_moves_the_part_and_not_the_thing():
    joint = Joint(np.array([0, 0, 1.0]), np.zeros(3), np.radians(90))
    shown = moments(np.random.default_rng(0), "open", hold(joint=joint))
    corner = np.array([[0.2, 0, 0]])
    assert np.allclose(shown[-1].part(corner), [[0, 0.2, 0]], atol=1e-6)
    assert np.allclose(shown[-1].thing(corner), corner)
    assert [moment.holds for moment in shown] == sorted(moment.holds for moment in shown)


def test_an_empty_hand_leaves_the_thing_alone():
    shown = moments(np.random.default_rng(0), "pick up", hold())
    assert all(np.allclose(moment.thing.translation, 0) for moment in shown if not moment.holds)
    assert shown[-1].thing.translation[2] > 0.09


@pytest.mark.parametrize("noun", sorted(OPENING))
@given(scale=st.floats(0.5, 1.5))
def test_a_handle_keeps_to_its_part_at_any_scale(noun, scale):
    thing = make(np.random.default_rng(2), noun)
    scaled = thing.scaled(scale)
    way = [np.linalg.norm(some.joint.moved(np.array([some.handle.point]), 1.0)[0] - some.handle.point)
           for some in (thing, scaled)]  # fmt: skip
    assert way[1] == pytest.approx(way[0] * scale)
    assert len(scaled.fixed) + len(scaled.part) == len(scaled.model.parts)


def an_annotation():
    boxes = tuple((0.1 * k, 0.2, 0.3, 0.4) for k in range(3))
    wording = word(np.random.default_rng(0), "pick up", "mug")
    return ClipAnnotation("C0", "pick up", "mug", "left", wording, 8.0, boxes, boxes, (False, True, True))


def test_an_annotation_survives_json_and_turns_round():
    import json

    clip = an_annotation()
    assert ClipAnnotation.from_json(json.loads(json.dumps(clip.to_json()))) == clip
    turned = clip.backwards()
    assert (turned.verb, turned.holds) == ("put down", (True, True, False))
    assert turned.wording.narration.startswith(("#C C puts down the", "#C C places the"))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DatasetFormatError, match="holds no clips"):
        ClipFolder(tmp_path)


def test_a_clip_that_cannot_be_written_is_told(tmp_path):
    clip = RenderedClip(np.zeros((3, 8, 8, 3), np.uint8), an_annotation())
    with pytest.raises(DatasetFormatError, match=r"frames/C0\.jpg: can't be written"):
        write_clip(tmp_path, clip)


@pytest.mark.gl
def test_clips_are_written_read_and_continued(tmp_path):
    names = generate_clips(tmp_path, 2, seed=11, size=64)
    written = (tmp_path / "annotations" / f"{names[0]}.json").stat().st_mtime_ns
    assert generate_clips(tmp_path, 2, seed=11, size=64) == names
    assert (tmp_path / "annotations" / f"{names[0]}.json").stat().st_mtime_ns == written
    folder = ClipFolder(tmp_path)
    fresh = list(render_clips(11, 2, size=64))
    for place, clip in enumerate(fresh):
        assert folder.annotation(place) == clip.annotation
        assert folder.frames(place).shape == clip.frames.shape == (FRAMES, 64, 64, 3)
        assert np.abs(folder.frames(place).astype(int) - clip.frames).mean() < 8
        assert np.abs(np.diff(clip.frames.astype(int), axis=0)).mean() > 0.5
