"""Multiple choice: what one answers who sees no video, and how a model's reply is read."""

import pytest

from annexe_ros.procedures.questions.baseline import (
    MajorityLetter,
    TextOnly,
    choice_accuracy,
    cross_validated,
    letter_of,
)
from annexe_ros.procedures.questions.choices import ChoiceQuestion


def question(answer, *choices, video="v"):
    return ChoiceQuestion("q", video, "What does the hand do?", choices, answer)


@pytest.fixture
def telltale():
    """Questions whose right choice has the word "slowly", whatever its place."""
    right, wrong = "It cuts slowly", ("It cuts", "It cuts fast", "It cuts twice")
    return [question(k % 3, *wrong[: k % 3], right, *wrong[k % 3 :], video=f"v{k % 11}") for k in range(66)]


def test_the_majority_letter_and_where_there_is_no_such_choice():
    chooser = MajorityLetter([question(2, "a", "b", "c"), question(2, "a", "b", "c"), question(0, "a", "b", "c")])
    assert chooser.choose([question(0, "a", "b", "c", "d"), question(0, "a", "b")]) == [2, 1]


def test_what_the_words_give_away_is_found_on_other_videos(telltale):
    assert cross_validated(telltale, MajorityLetter)["accuracy"] < 0.5
    assert cross_validated(telltale, TextOnly) == {"accuracy": 1.0, "n": 66}


def test_nobody_learns_from_the_video_that_is_asked_about(telltale):
    class Watchful(MajorityLetter):
        def __init__(self, train):
            super().__init__(train)
            self.videos = {each.video for each in train}

        def choose(self, questions):
            assert self.videos.isdisjoint(each.video for each in questions)
            return super().choose(questions)

    assert cross_validated(telltale, Watchful)["n"] == 66


def test_accuracy_counts_an_answer_that_names_nothing_as_wrong():
    asked = [question(0, "a", "b")] * 4
    assert choice_accuracy(asked, [0, 1, None, 0]) == 0.5


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("B", 1), ("(B)", 1), (" B. A spoon", 1), ("(A) A knife", 0), ("a spoon.", 1), ("D", None), ("Because", None),
        ("", None), ("A spoon", 1),
    ],
)  # fmt: skip
def test_a_reply_names_a_choice_by_letter_or_text(reply, answer):
    assert letter_of(reply, question(0, "A knife", "A spoon", "A fork")) == answer
