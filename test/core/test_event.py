"""Events: which one tells about a frame, and how a description tells it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame, Interpretation
from annexe_ros.core.event import ABUTS_NS, NANOSECONDS, InteractionEvent, event_for, told, with_event

EVENT = InteractionEvent(
    "picks up", "mug", "picks up the mug", "puts down the mug", 0.8, 0.25, 10 * NANOSECONDS, 12 * NANOSECONDS, "head"
)


def frame(at_s, frame_id="head"):
    return Frame(np.zeros((4, 4, 3), np.uint8), stamp_ns=round(at_s * NANOSECONDS), frame_id=frame_id)


def event(start_s, end_s, **changes):
    return replace(EVENT, start_ns=round(start_s * NANOSECONDS), end_ns=round(end_s * NANOSECONDS), **changes)


def reply(analysis, notes=()):
    return Interpretation(analysis, "mug", True, 0.9, (), np.zeros((4, 4), np.uint8), "e", "m", notes=notes)


@pytest.mark.parametrize(
    ("at_s", "tells"), [(9.9, False), (10, True), (12, True), (12 + ABUTS_NS / NANOSECONDS, True), (13.1, False)]
)
def test_an_event_tells_about_the_frames_that_its_window_covers_or_abuts(at_s, tells):
    assert EVENT.tells_about(frame(at_s)) is tells


def test_an_event_of_another_camera_tells_nothing():
    assert not EVENT.tells_about(frame(11, "wrist"))


def test_the_window_around_a_frame_tells_most_about_it():
    events = [event(9, 11), event(9.5, 11.5), event(10, 12)]
    assert event_for(frame(10.4), events) is events[1]
    assert event_for(frame(12.5), events) is events[2]
    assert event_for(frame(20), events) is None
    assert event_for(frame(10.4), []) is None


@pytest.mark.parametrize(
    ("analysis", "expected"),
    [
        ("The right hand holds a white mug above the table.", "The right hand picks up a white mug above the table."),
        (
            "The left hand is idle and the right hand touches an orange mug on the table.",
            "The left hand is idle and the right hand picks up an orange mug on the table.",
        ),
        (
            "The left hand holds a pair of grey scissors above the bed and the right hand touches a mug on the bed.",
            "The left hand holds a pair of grey scissors above the bed and the right hand picks up a mug on the bed.",
        ),
    ],
)
def test_the_verb_of_the_hand_on_the_object_is_that_of_the_motion(analysis, expected):
    assert told(analysis, EVENT) == expected


@pytest.mark.parametrize(
    "analysis",
    [
        "The right hand is idle.",
        "The right hand holds a red bucket above the table.",
        "The right hand holds a mug rack above the mug.",
        "Both hands hold a white mug above the table.",
        "The left hand holds a mug above the table and the right hand touches a mug on the table.",
        "Someone is making tea.",
    ],
)
def test_what_is_described_otherwise_is_followed_by_the_event(analysis):
    assert told(analysis, EVENT) == f"{analysis} The wearer picks up the mug."


def test_a_phrase_without_verb_and_noun_is_told_as_it_is():
    phrase = replace(EVENT, verb="", noun="", phrase="makes tea")
    analysis = "The right hand holds a mug above the table."
    assert told(analysis, phrase) == f"{analysis} The wearer makes tea."


def test_a_reply_says_where_the_verb_is_from():
    found = with_event(reply("The right hand holds a mug on the table.", ("no depth",)), EVENT)
    assert found.analysis == "The right hand picks up a mug on the table."
    assert found.notes == (
        "no depth",
        "'picks up the mug' in the analysis is from 2.0 s of motion, by a margin of 0.25",
    )


def test_without_an_event_or_an_analysis_a_reply_stays_as_it_is():
    plain, silent = reply("The right hand holds a mug on the table."), reply("")
    assert with_event(plain, None) is plain
    assert with_event(silent, EVENT) is silent


names = st.text("abc .*(+", min_size=1, max_size=6)


@given(st.text("abch hands holds touches .", max_size=60), names, names)
def test_an_event_is_told_whatever_the_words(analysis, verb, noun):
    some = replace(EVENT, verb=verb, noun=noun, phrase=f"{verb} the {noun}")
    assert verb in told(analysis, some)
