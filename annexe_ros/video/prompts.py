"""What a clip may be recognised as: phrases, the captions that word them, and each phrase's hard negatives.

A name is given with its wordings, as "picks up", as "picks up/takes" (the first is the name), or as
"storage furniture=drawers/cabinet" (the name is none of the wordings). No model is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from annexe_ros.core.errors import ParameterError

PLACE = "{phrase}"
"""Where the phrase goes in a template, e.g. "#C C {phrase}" (Ego4D's narrations)."""


@dataclass(frozen=True)
class Prompt:
    """One thing that a clip may show.

    Attributes:
        verb, noun: names; empty where they play no part.
        phrase: e.g. "picks up the mug".
        captions: what the text tower reads, one for each wording.
    """

    verb: str
    noun: str
    phrase: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class PromptSet:
    """Prompts, and for each the places of its hard negatives: those that differ in verb or noun alone."""

    prompts: tuple[Prompt, ...]
    negatives: tuple[tuple[int, ...], ...]


def prompt_set(
    verbs: Sequence[str] = (), nouns: Sequence[str] = (), phrases: Sequence[str] = (), template: str = PLACE
) -> PromptSet:
    """Return every verb with every noun (either may be left out), or ``phrases`` where there are any.

    Empty texts are left out. The hard negatives of a phrase are all the others. Raises ``ParameterError`` for less than
    two prompts, and for a template without a place for the phrase.
    """
    if PLACE not in template:
        raise ParameterError(f"the template '{template}' has no place for a phrase; write {PLACE} there")
    prompts = _phrases(phrases, template) or _grid(verbs, nouns, template)
    if len({prompt.phrase for prompt in prompts}) < max(2, len(prompts)):
        given = ", ".join(prompt.phrase for prompt in prompts) or "none"
        raise ParameterError(f"at least two different prompts are needed, each once; there are: {given}")
    return PromptSet(prompts, tuple(_negatives(prompts, own) for own in prompts))


def _phrases(phrases: Sequence[str], template: str) -> tuple[Prompt, ...]:
    return tuple(
        Prompt("", "", name, tuple(template.replace(PLACE, words) for words in wordings))
        for name, wordings in _entries(phrases)
    )


def _grid(verbs: Sequence[str], nouns: Sequence[str], template: str) -> tuple[Prompt, ...]:
    verb_entries, noun_entries = _entries(verbs), _entries(nouns)
    if not verb_entries and not noun_entries:
        return ()
    return tuple(
        Prompt(
            verb,
            noun,
            _joined(verb, noun),
            tuple(template.replace(PLACE, _joined(v, n)) for v, n in product(verb_words, noun_words)),
        )
        for (verb, verb_words), (noun, noun_words) in product(
            verb_entries or [("", ("",))], noun_entries or [("", ("",))]
        )
    )


def _entries(texts: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return name and wordings of each text that isn't empty."""
    found = []
    for text in filter(str.strip, texts):
        name, separator, rest = text.partition("=")
        wordings = tuple(" ".join(words.split()) for words in (rest if separator else text).split("/"))
        found.append((" ".join(name.split()) if separator else wordings[0], wordings))
    return found


def _joined(verb: str, noun: str) -> str:
    """Return e.g. "picks up the mug", or the one that there is."""
    return f"{verb} the {noun}" if verb and noun else verb or noun


def _negatives(prompts: Sequence[Prompt], own: Prompt) -> tuple[int, ...]:
    return tuple(
        place
        for place, other in enumerate(prompts)
        if other is not own and (other.verb == own.verb or other.noun == own.noun)
    )
