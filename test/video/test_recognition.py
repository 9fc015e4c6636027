"""Recognition: the nearest phrase, and by how much it beats its hard negatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annexe_ros.video.prompts import prompt_set
from annexe_ros.video.recognition import Recogniser
from annexe_ros.video.window import StampedClip

PROMPTS = prompt_set(["picks up/takes", "puts down"], ["mug", "bowl"])
CLIP = StampedClip(np.zeros((4, 2, 2, 3), np.uint8), (5, 6, 7, 9), "head")


class Axes:
    """Gives every text an axis of its own, and clips the direction that it is told."""

    def __init__(self, direction=None):
        self.direction, self.asked = direction, []

    def embed_texts(self, texts):
        self.asked += texts
        return np.stack(
            [np.eye(6, dtype=np.float32)[(len(self.asked) - len(texts) + k) % 6] for k in range(len(texts))]
        )

    def embed_clips(self, clips):
        return np.stack([self.direction for _ in clips])


def test_the_nearest_phrase_is_told_with_its_window():
    clip_vector = np.array([0.6, 0.6, 0.0, 0.5, 0.1, 0.1], np.float32)
    event = Recogniser(Axes(clip_vector), PROMPTS, "tiny").recognise(CLIP)
    assert (event.verb, event.noun, event.phrase) == ("picks up", "mug", "picks up the mug")
    assert event.score == pytest.approx(1.2 / np.sqrt(2))
    assert (event.rival, event.margin) == ("picks up the bowl", pytest.approx((1.2 - 0.5) / np.sqrt(2)))
    assert (event.start_ns, event.end_ns, event.frame_id, event.model) == (5, 9, "head", "tiny")


def test_texts_are_embedded_once():
    encoder = Axes(np.ones(6, np.float32))
    recogniser = Recogniser(encoder, PROMPTS)
    asked = len(encoder.asked)
    recogniser.recognise(CLIP)
    assert asked == len(encoder.asked) == sum(len(prompt.captions) for prompt in PROMPTS.prompts)


@given(arrays(np.float32, 6, elements=st.floats(-1, 1, width=32)))
def test_the_margin_is_over_the_best_of_the_phrases_own_hard_negatives(vector):
    encoder = Axes()
    recogniser = Recogniser(encoder, PROMPTS)
    event = recogniser.judged(vector, CLIP)
    scores = recogniser._vectors @ vector
    phrases = [prompt.phrase for prompt in PROMPTS.prompts]
    place = phrases.index(event.phrase)
    rivals = [scores[k] for k in PROMPTS.negatives[place]]
    assert event.score == scores.max()
    assert event.margin == pytest.approx(float(scores[place]) - float(max(rivals)))
    assert event.margin >= 0
    assert phrases.index(event.rival) in PROMPTS.negatives[place]
