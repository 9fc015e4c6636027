"""What a language model is asked: names, coordinates and gaze as it counts them, the conversation so far."""

from __future__ import annotations

import pytest

from annexe_ros.core import Query
from annexe_ros.inference.vlm_sam.language import Speaker, chat
from annexe_ros.inference.vlm_sam.prompts import analysis_turns, answer_turns, repair_turns

pytestmark = pytest.mark.engines
IMAGE = {"type": "image"}


def asked(query=Query("What {is} held?"), analysis="", extent=(1000.0, 1000.0), vocabulary=()):  # noqa: B008
    return answer_turns(query, analysis, extent, (640, 480), vocabulary, 4)


def test_the_analysis_is_what_the_model_said_before():
    turns = asked(analysis="A hand holds a mug.")
    assert [turn.speaker for turn in turns] == [Speaker.SYSTEM, Speaker.USER, Speaker.ASSISTANT, Speaker.USER]
    assert turns[:2] == analysis_turns()
    assert turns[2].text == "A hand holds a mug."
    assert [turn.speaker for turn in asked()] == [Speaker.SYSTEM, Speaker.USER]


def test_the_question_stands_first_as_it_was_put():
    assert asked()[-1].text.startswith("What {is} held?\n\nReply with one JSON object")


def test_names_coordinates_and_number_of_targets_are_agreed():
    text = asked(vocabulary=("mug", "trash can"), extent=(1288.0, 728.0))[-1].text
    assert "anything else by one of these names: mug, trash can" in text
    assert "x goes from 0 to 1288 and y from 0 to 728" in text
    assert "at most 4" in text
    assert "its plain name" in asked()[-1].text


def test_gaze_is_told_in_the_models_coordinates():
    text = asked(Query("What am I looking at?", gaze=(320.0, 120.0)))[-1].text
    assert "The wearer looks at the point [500, 250] of the image." in text
    assert "looks at" not in asked()[-1].text


def test_a_correction_is_asked_for_with_what_was_said_and_why():
    turns = repair_turns(asked(), "the mug", "it is not JSON")
    assert [turn.speaker for turn in turns[-2:]] == [Speaker.ASSISTANT, Speaker.USER]
    assert turns[-2].text == "the mug"
    assert "it is not JSON" in turns[-1].text


def test_the_image_comes_once_before_the_first_question():
    parts = [[part["type"] for part in message["content"]] for message in chat(asked(analysis="A mug."), IMAGE)]
    assert parts == [["text"], ["image", "text"], ["text"], ["text"]]
