"""Whether events help descriptions: what is shown, which verbs a text tells, and the figures of clips."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from plain_clips import write_plain_clips

from annexe_ros.core import Interpretation
from annexe_ros.core.event import InteractionEvent
from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.data.clips.dataset import ClipFolder, RenderedClip
from annexe_ros.data.clips.vocabulary import NOUNS, VERBS
from annexe_ros.video.benchmarks.descriptions import (
    SHIFT,
    VIEWS,
    Seen,
    figures,
    generated_prompts,
    look,
    noun_entries,
    verbs_told,
)

WORDING = word(np.random.default_rng(0), "push", "mug")
TRUTH = ClipAnnotation("c", "push", "mug", "right", WORDING, 8.0, (), (), (True,) * 16)


def event(phrase, margin):
    verb, _, noun = phrase.partition(" the ")
    return InteractionEvent(verb, noun, phrase, "", 0.5, margin, 0, 1)


def seen(analysis, phrase, margin=0.2, **others):
    events = dict.fromkeys(VIEWS, event(phrase, margin)) | others
    return Seen(TRUTH, analysis, events)


def test_views_of_a_clip():
    shown = {name: view(16).tolist() for name, view in VIEWS.items()}
    assert shown["motion"] == list(range(16))
    assert shown["still"] == [15] * 16
    assert shown["early"] == [0] * SHIFT + list(range(12))
    assert shown["late"] == list(range(4, 16)) + [15] * SHIFT


def test_verbs_are_told_in_any_wording():
    assert verbs_told("The wearer pushes away the mug.") == {"push"}
    assert verbs_told("The left hand takes a mug and the right hand shuts a safe.") == {"pick up", "close"}
    assert verbs_told("The right hand holds a white mug above the table.") == set()


def test_every_generated_clip_has_its_prompt():
    prompts = generated_prompts().prompts
    assert len(prompts) == len(VERBS) * len(NOUNS)
    assert {prompt.noun for prompt in prompts} == set(NOUNS)
    assert "storage furniture=drawers/cabinet" in noun_entries()
    assert "mug/cup" in noun_entries()
    captions = {caption for prompt in prompts for caption in prompt.captions}
    assert "#C C puts down the cup" in captions


def test_figures_are_shares_of_clips():
    holding = "The right hand holds a mug above the table."
    found = figures(
        [
            seen(holding, "pushes the mug"),
            seen(holding, "pulls the mug"),
            seen(holding, "pushes the mug", margin=0.01),
            seen("The right hand is idle.", "pushes the bowl", still=event("pulls the bowl", 0.2)),
        ],
        min_margin=0.05,
    )
    assert found["n"] == 4
    assert found["alone"] == {"right": 0.0, "wrong": 0.0}
    assert found["motion"] == {"right": 0.5, "wrong": 0.25}
    assert found["still"] == {"right": 0.25, "wrong": 0.5}
    assert (found["in_place"], found["noun"]) == (0.5, 0.75)
    assert found["margins"][0] == {"min_margin": 0.0, "right": 0.75, "wrong": 0.25}
    assert found["margins"][-1] == {"min_margin": 0.3, "right": 0.0, "wrong": 0.0}


class Watcher:
    """Sees how grey frames are; a recogniser that tells it of a clip, and an interpreter that tells it of an image."""

    config = SimpleNamespace(num_frames=16, frame_size=8)

    def see_frames(self, frames):
        return frames.mean(axis=(1, 2, 3))

    def embed_maps(self, maps):
        return maps.mean(axis=1)

    def judged(self, vector, clip):
        return replace(event("pushes the mug", 0.1), score=float(vector))

    def interpret(self, frame, query):
        return Interpretation(f"{frame.image.mean():.0f}", "", False, 0.0, (), np.zeros((1, 1), np.uint8), "", "")


def test_the_description_is_of_the_last_image_and_the_event_of_all(tmp_path):
    folder = ClipFolder(write_plain_clips(tmp_path, {"a": 50}, frames=16))
    watcher, clip = Watcher(), RenderedClip(folder.frames(0), folder.annotation(0))
    found = look(watcher, watcher, watcher, clip)
    assert float(found.analysis) == pytest.approx(200, abs=2)
    assert found.events["motion"].score == pytest.approx(125, abs=2)
    assert found.events["still"].score == pytest.approx(200, abs=2)
    assert found.events["early"].score < found.events["motion"].score < found.events["late"].score
