"""Prompts: the captions of names with their wordings, and the hard negatives of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.errors import ParameterError
from annexe_ros.video.prompts import prompt_set

VERBS, NOUNS = ("picks up/takes", "puts down"), ("mug", "storage furniture=drawers/cabinet")


def test_every_verb_goes_with_every_noun():
    prompts = prompt_set(VERBS, NOUNS, template="#C C {phrase}").prompts
    assert [prompt.phrase for prompt in prompts] == [
        "picks up the mug",
        "picks up the storage furniture",
        "puts down the mug",
        "puts down the storage furniture",
    ]
    assert (prompts[1].verb, prompts[1].noun) == ("picks up", "storage furniture")
    assert prompts[1].captions == (
        "#C C picks up the drawers",
        "#C C picks up the cabinet",
        "#C C takes the drawers",
        "#C C takes the cabinet",
    )


def test_a_hard_negative_differs_in_verb_or_noun_alone():
    made = prompt_set(VERBS, NOUNS)
    assert made.negatives == ((1, 2), (0, 3), (0, 3), (1, 2))


def test_verbs_or_nouns_may_stand_alone():
    assert [prompt.phrase for prompt in prompt_set(verbs=VERBS).prompts] == ["picks up", "puts down"]
    assert [prompt.phrase for prompt in prompt_set([""], NOUNS).prompts] == ["mug", "storage furniture"]
    assert prompt_set(verbs=VERBS).negatives == ((1,), (0,))


def test_phrases_stand_in_place_of_verbs_and_nouns():
    made = prompt_set(VERBS, NOUNS, ["makes tea/brews tea", "waters  the plants", "sweeps"], "a person who {phrase}")
    assert [prompt.phrase for prompt in made.prompts] == ["makes tea", "waters the plants", "sweeps"]
    assert made.prompts[0].captions == ("a person who makes tea", "a person who brews tea")
    assert made.negatives[1] == (0, 2)
    assert not made.prompts[0].verb


@pytest.mark.parametrize(
    "given_names", [{}, {"verbs": ["opens"]}, {"phrases": ["", " "]}, {"verbs": ["opens", "opens"]}]
)
def test_less_than_two_different_prompts_are_refused(given_names):
    with pytest.raises(ParameterError, match="at least two different prompts"):
        prompt_set(**given_names)


def test_a_template_needs_a_place():
    with pytest.raises(ParameterError, match="no place for a phrase"):
        prompt_set(VERBS, NOUNS, template="#C C")


words = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@given(words, words)
def test_each_prompt_has_as_many_hard_negatives_as_there_are_other_names(verbs, nouns):
    if len(verbs) * len(nouns) < 2:
        return
    made = prompt_set([f"v{verb}" for verb in verbs], [f"n{noun}" for noun in nouns])
    for place, rivals in enumerate(made.negatives):
        assert place not in rivals
        assert len(rivals) == len(verbs) + len(nouns) - 2
