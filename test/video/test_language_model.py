"""Replies of a language model are checked before they are used."""

import pytest

from annexe_ros.core.errors import EngineError
from annexe_ros.data.clips.taxonomy import Taxonomy
from annexe_ros.video.language_model import merged_narration, suggested_negatives

VERBS = Taxonomy(("take", "put"), (("takes", "picks up"), ("puts down",)))


def suggest(reply, count=2):
    return suggested_negatives(lambda prompt: reply, "#C C takes the mug", "takes", "verb", count, VERBS)


def test_suggestions_replace_the_word():
    assert suggest('Sure: ["puts down", "washes"]') == ["#C C puts down the mug", "#C C washes the mug"]


def test_synonyms_and_repetitions_are_dropped():
    assert suggest('["picks up", "washes", "Washes ", "takes", "cuts"]') == ["#C C washes the mug", "#C C cuts the mug"]


@pytest.mark.parametrize("reply", ["", "I can't.", "[1, 2]", '["washes"]', "[broken]"])
def test_too_few_usable_words_are_an_error(reply):
    with pytest.raises(EngineError, match="usable words of 2"):
        suggest(reply)


def test_the_caption_has_to_hold_the_word():
    with pytest.raises(ValueError, match="no word of the caption"):
        suggested_negatives(lambda prompt: "[]", "#C C takes the mug", "take", "verb", 1, VERBS)


def test_a_merged_narration_falls_back_on_its_parts():
    assert merged_narration(lambda prompt: " One\n sentence. ", "a", "b") == "One sentence."
    assert merged_narration(lambda prompt: " ", "C takes the mug", "It moves.") == "C takes the mug. It moves."
