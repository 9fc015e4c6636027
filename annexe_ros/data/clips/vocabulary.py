"""The verbs and nouns of generated clips: how they are worded, which go together, and what a film backwards shows.

A noun is drawn first and then any verb that suits it, so that the object tells as little of the verb as possible. Most
verbs come in pairs whose films are each other backwards: no single frame, nor all of them in disorder, tells which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annexe_ros.data.scenes.appearance import Generator


@dataclass(frozen=True)
class Verb:
    """A verb: its name, the wordings that may stand before "the mug", and the verb of its film shown backwards."""

    name: str
    wordings: tuple[str, ...]
    backwards: str


VERBS = (
    Verb("pick up", ("picks up", "takes"), "put down"),
    Verb("put down", ("puts down", "places"), "pick up"),
    Verb("push", ("pushes", "pushes away"), "pull"),
    Verb("pull", ("pulls", "draws nearer"), "push"),
    Verb("open", ("opens",), "close"),
    Verb("close", ("closes", "shuts"), "open"),
    Verb("lift", ("lifts", "raises"), "lower"),
    Verb("lower", ("lowers",), "lift"),
    Verb("pour", ("pours from", "tips out"), "pour"),
    Verb("cut", ("cuts with", "saws with"), "cut"),
    Verb("shake", ("shakes",), "shake"),
    Verb("turn over", ("turns over", "flips"), "turn over"),
)
VERB_NAMES = tuple(verb.name for verb in VERBS)

_IN_HAND = ("pick up", "put down", "lift", "lower", "shake", "turn over")
_ON_SURFACE = ("push", "pull")
_VESSEL = (*_IN_HAND, *_ON_SURFACE, "pour")
_TOOL = (*_IN_HAND, "cut")
_FURNITURE = (*_ON_SURFACE, "open", "close")
SUITABLE = {
    "bottle": _VESSEL,
    "bowl": _VESSEL,
    "bucket": _VESSEL,
    "kettle": _VESSEL,
    "mug": _VESSEL,
    "toy car": (*_IN_HAND, *_ON_SURFACE),
    "knife": _TOOL,
    "scissors": _TOOL,
    "laptop": _FURNITURE,
    "safe": _FURNITURE,
    "storage furniture": _FURNITURE,
    "trash can": _FURNITURE,
}
"""Which verbs a noun's clips may show."""
NOUNS = tuple(SUITABLE)
NOUN_WORDINGS = {
    "bottle": ("bottle", "flask"), "mug": ("mug", "cup"), "toy car": ("toy car", "little car"),
    "storage furniture": ("drawers", "cabinet"), "trash can": ("trash can", "bin"), "bucket": ("bucket", "pail"),
    "laptop": ("laptop", "notebook"),
}  # fmt: skip
"""Other words for a noun; one without an entry has only its name."""


def noun_wordings(noun: str) -> tuple[str, ...]:
    """Return the words that may name a noun."""
    return NOUN_WORDINGS.get(noun, (noun,))


def verb_wordings(verb: str) -> tuple[str, ...]:
    """Return the words that may name a verb; raises ``ValueError`` for one that isn't in ``VERBS``."""
    return VERBS[VERB_NAMES.index(verb)].wordings


def backwards(verb: str) -> str:
    """Return what the film of a verb shows backwards; raises ``ValueError`` for a verb that isn't in ``VERBS``."""
    return VERBS[VERB_NAMES.index(verb)].backwards


def narrate(verb_words: str, noun_words: str) -> str:
    """Return a narration in Ego4D's manner; "C" is who wears the camera."""
    return f"#C C {verb_words} the {noun_words}"


def deal(seed: int, index: int) -> tuple[str, str]:
    """Return verb and noun of clip ``index``: nouns from shuffled decks, then an even draw of the suitable verbs."""
    deck, place = divmod(index, len(NOUNS))
    noun = NOUNS[int(_dice(seed, deck, 1).permutation(len(NOUNS))[place])]
    verbs = SUITABLE[noun]
    return verbs[int(_dice(seed, index, 2).integers(len(verbs)))], noun


def _dice(*key: int) -> Generator:
    return np.random.default_rng(key)
