"""Turns what is asked for into the words of somebody who asks: commands, questions, bare phrases, with care or without.

A template picks one alternative of every ``[a|b|c]``, innermost first, so that one line stands for many phrases. What
may be asked is in ``asks``; scenes are not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SPEAKER = re.compile(r"\bi\b")

IMPERATIVES = (
    "[|please |][segment|find|mark|locate|highlight|outline|detect|show|show me|point out|pick out|select|mask|identify"
    "|isolate|extract|label|trace|get|ground|point at] {np}[| in the image| in this picture| in the view|]",
    "please segment {np}",
    "segment {np}",
    "show me {np}",
    "[show me|give me|draw|return|i need|get me] the [mask|masks|pixels|segmentation|outline|region] of {np}",
    "i [need|want|am looking for|would like to see] {np}",
    "[show me|tell me|mark] where {np} {be}",
)
"""Commands about a noun phrase ``{np}``; they end in a full stop, an exclamation mark or nothing."""

QUESTIONS = (
    "[can|could|would] you [|please ][segment|find|mark|locate|highlight|outline|show me|point out|identify] {np}?",
    "where {be} {np}?",
    "where in the [image|picture|view] {be} {np}?",
    "[which|what] pixels [belong to|show] {np}?",
    "which part of the [image|picture] shows {np}?",
    "[can you see|do you see|can you find] {np}?",
)

SHARE_OF_QUESTIONS = 0.3
SHARE_OF_PHRASES = 0.15
SHARE_WITHOUT_ARTICLE = 0.1


@dataclass(frozen=True)
class Ask:
    """One thing to ask for: noun phrases of either number, and questions that say it in their own way (templates)."""

    singular: tuple[str, ...] = ()
    plural: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def expand(template: str, rng: np.random.Generator) -> str:
    """Return the template with one alternative of every bracket chosen."""
    while match := _CHOICE.search(template):
        options = match.group(1).split("|")
        template = template[: match.start()] + options[int(rng.integers(len(options)))] + template[match.end() :]
    return " ".join(template.split())


def paraphrases(ask: Ask, rng: np.random.Generator, count: int) -> list[dict[str, object]]:
    """Return up to ``count`` different wordings as the benchmark's ``questions``."""
    wordings: dict[str, tuple[str, bool]] = {}
    for _ in range(8 * count):
        if len(wordings) == count:
            break
        text, is_sentence = _wording(ask, rng)
        wordings.setdefault(text.rstrip("?"), (text, is_sentence))
    return [
        {"id": number, "query": _typed(text, is_sentence, rng), "is_sentence": int(is_sentence)}
        for number, (text, is_sentence) in enumerate(wordings.values())
    ]


def _wording(ask: Ask, rng: np.random.Generator) -> tuple[str, bool]:
    """Return a wording in lower case, and whether it is a sentence rather than a bare noun phrase."""
    if ask.questions and rng.random() < SHARE_OF_QUESTIONS:
        return expand(_pick(ask.questions, rng), rng), True
    number = int(rng.integers(len(ask.singular) + len(ask.plural)))
    phrase = expand((ask.singular + ask.plural)[number], rng)
    form = rng.random()
    if form < SHARE_OF_PHRASES:
        return phrase.removeprefix("the ") + str(rng.choice(["", "?"])), False
    if rng.random() < SHARE_WITHOUT_ARTICLE:
        phrase = phrase.removeprefix("the ")
    template = _pick(IMPERATIVES if form < 0.7 else QUESTIONS, rng)
    be = "is" if number < len(ask.singular) else "are"
    return expand(template.format(np=phrase, be=be), rng), True


def _typed(text: str, is_sentence: bool, rng: np.random.Generator) -> str:
    """Return the text as people type it: mostly capital and full stop, sometimes neither."""
    care = rng.random()
    if care < 0.2:
        return text.rstrip("?") if care < 0.1 else text
    if is_sentence and not text.endswith("?"):
        text += "." if care < 0.9 else "!"
    text = _SPEAKER.sub("I", text)
    return text[0].upper() + text[1:]


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
