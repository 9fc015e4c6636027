"""Guesses of how texts go on: from what was learned, bounded, and never beyond an end."""

from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.inference import drafting
from annexe_ros.inference.drafting import Drafts

END = 0
TOKENS = st.lists(st.integers(1, 5), max_size=12)


def test_a_text_is_guessed_to_its_end():
    drafts = Drafts(END)
    drafts.learn([7, 8], [1, 2, 3, END])
    assert drafts.guess([4, 7, 8], 10) == [1, 2, 3, END]
    assert drafts.guess([7, 8, 1, 2], 10) == [3, END]
    assert drafts.guess([7, 8], 2) == [1, 2]


def test_the_newest_text_counts():
    drafts = Drafts(END)
    drafts.learn([7, 8], [1, 2, END])
    drafts.learn([7, 8], [1, 3, END])
    assert drafts.guess([7, 8], 10) == [1, 3, END]


def test_nothing_is_guessed_of_what_was_not_seen():
    assert Drafts(END).guess([1, 2], 5) == []
    assert Drafts(END).guess([], 5) == []


@given(TOKENS, TOKENS, st.integers(-1, 6))
def test_a_guess_keeps_to_its_limit_and_ends_once(prompt, reply, limit):
    drafts = Drafts(END)
    drafts.learn(prompt, [*reply, END])
    guessed = drafts.guess(prompt, limit)
    assert len(guessed) <= max(limit, 0)
    assert END not in guessed[:-1]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(drafting, "PAIRS_KEPT", 3)
    drafts = Drafts(END)
    drafts.learn([1, 2], [3, 4, 5, 6, 7])
    assert drafts.guess([1, 2], 5) == []
    assert drafts.guess([4, 5], 5) == [6, 7]
