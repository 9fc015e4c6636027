"""Questions about the gaze are told from others, and what they want to know."""

import pytest

from annexe_ros.core import Hands
from annexe_ros.core.gaze_question import gaze_question

BOTH = Hands.LEFT | Hands.RIGHT


@pytest.mark.parametrize(
    "text",
    [
        "What am I looking at?",
        "what's the person looking at",
        "What does the wearer look at?",
        "What is the user looking at right now?",
        "Segment what I'm looking at.",
        "Segment what I\N{RIGHT SINGLE QUOTATION MARK}m looking at.",
        "Which object is under my gaze?",
        "the thing my eyes are on",
        "where am i looking",
        "What is the person staring at?",
        "Which hand am I looking at?",
    ],
)
def test_what_is_looked_at(text):
    assert gaze_question(text).hands == Hands.NONE


@pytest.mark.parametrize(
    ("text", "hands"),
    [
        ("Is the hand on what I look at?", BOTH),
        ("Is my left hand touching the thing I look at?", Hands.LEFT),
        ("Is the object under my gaze in the right hand?", Hands.RIGHT),
        ("Am I holding what I'm looking at?", BOTH),
        ("Which hand is on what I look at?", BOTH),
    ],
)
def test_whether_hands_are_on_it(text, hands):
    assert gaze_question(text).hands == hands


@pytest.mark.parametrize(
    "text",
    [
        "Segment the mug.",
        "I am looking for the mug.",
        "Look at the mug.",
        "it looks like a mug I like",
        "I use the left mug",
        "What is my left hand holding?",
    ],
)
def test_other_questions(text):
    assert gaze_question(text) is None


def test_no_wording_of_the_generated_scenes_is_about_the_gaze():
    import numpy as np

    from annexe_ros.data.scenes import asks
    from annexe_ros.data.scenes.wording import Ask, paraphrases

    rng = np.random.default_rng(0)
    every = [ask for ask in vars(asks).values() if isinstance(ask, Ask)] + [asks.named("mug"), asks.hand("left")]
    wordings = [item["query"] for ask in every for item in paraphrases(ask, rng, 40)]
    assert len(wordings) > 200
    assert [text for text in wordings if gaze_question(text)] == []
