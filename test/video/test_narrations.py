"""Narrations of generated clips: what is told, and files that the readers of the published ones read."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.video.narrations import dynamics_of, narrated, write_ego_clip, write_hod
from annexe_ros.video.records import HodClip, NarratedClip, read_ego_clip, read_hod

FRAMES = 16
TEXTS = (
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1)
    .map(lambda s: " ".join(s.split()))
    .filter(lambda s: s and not s.startswith("["))
)


@pytest.fixture
def clip():
    """Return a right hand that lifts a mug by half the picture."""
    rising = tuple((0.4, 0.8 - k / 30, 0.6, 0.9 - k / 30) for k in range(FRAMES))
    wording = word(np.random.default_rng(0), "lift", "mug")
    return ClipAnnotation("C0001_000000", "lift", "mug", "right", wording, 8.0, rising, rising, (True,) * FRAMES)


def test_a_hand_is_told_by_rules(clip):
    told = dynamics_of(clip)
    assert told.texts == ("The right hand moves up, holds the mug, which moves up.",)
    assert (told.start_s, told.end_s) == (0, 2)


def test_a_language_model_merges_narration_and_motion(clip):
    prompts = []
    told = dynamics_of(clip, lambda prompt: prompts.append(prompt) or "C lifts the mug straight up.")
    assert told.texts == ("C lifts the mug straight up.",)
    assert clip.wording.narration in prompts[0]
    assert "holds the mug, which moves up" in prompts[0]


def test_a_language_model_suggests_negatives_as_many_as_there_were(clip):
    words = [f"word{k}" for k in range(12)]
    told = narrated(clip, lambda prompt: str(words).replace("'", '"'))
    assert len(told.verb_negatives) == len(told.noun_negatives) == 10
    assert all("word" in negative for negative in told.verb_negatives + told.noun_negatives)


def test_the_whole_verb_is_exchanged(clip):
    wording = replace(clip.wording, narration="#C C pushes away the mug")
    words = ["lifts", *(f"word{k}" for k in range(9))]
    told = narrated(replace(clip, verb="push", wording=wording), lambda prompt: json.dumps(words))
    assert told.verb_negatives[0] == "#C C lifts the mug"


def test_too_few_suggestions_leave_the_taxonomys_negatives(clip):
    told = narrated(clip, lambda prompt: '["washes"]')
    assert told.verb_negatives == clip.wording.verb_negatives
    assert told.noun_negatives == clip.wording.noun_negatives


def test_what_is_written_is_read_again(clip, tmp_path):
    write_hod(tmp_path / "hod.csv", [dynamics_of(clip)])
    write_ego_clip(tmp_path / "hoi.csv", [narrated(clip)])
    assert list(read_hod(tmp_path / "hod.csv")) == [dynamics_of(clip)]
    assert list(read_ego_clip(tmp_path / "hoi.csv", hard_negatives=True)) == [narrated(clip)]


@given(text=TEXTS, negative=TEXTS)
def test_any_caption_comes_back(tmp_path_factory, text, negative):
    folder = tmp_path_factory.mktemp("any")
    hod = HodClip("video", 0.5, 2.0, (text, negative), "ours")
    hoi = NarratedClip("video", 0.5, 2.0, text, (1, 2), (3,), (negative, text), (negative,))
    write_hod(folder / "hod.csv", [hod])
    write_ego_clip(folder / "hoi.csv", [hoi])
    assert list(read_hod(folder / "hod.csv")) == [hod]
    assert list(read_ego_clip(folder / "hoi.csv", hard_negatives=True)) == [hoi]


def test_a_file_that_cant_be_written_is_named(clip, tmp_path):
    with pytest.raises(DatasetFormatError, match=r"hod\.csv"):
        write_hod(tmp_path / "nowhere" / "hod.csv", [dynamics_of(clip)])
