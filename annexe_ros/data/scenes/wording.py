"""English of the generated queries: what may be asked, in how many wordings. Knows templates, not scenes.

A template picks one alternative of every ``[a|b|c]``, innermost first, so that one line stands for many phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_CHOICE = re.compile(r"\[([^\[\]]*)\]")

IMPERATIVES = (
    "[|please |][segment|find|mark|locate|highlight|outline|detect|show|show me|point out|pick out|select|mask] {np}"
    "[| in the image| in this picture|]",
    "please segment {np}",
    "segment {np}",
    "show me {np}",
    "[show me|give me|draw|return] the [mask|masks|pixels|segmentation|outline] of {np}",
    "i [need|want|am looking for|would like to see] {np}",
)
"""Commands about a noun phrase ``{np}``; they end in a full stop, an exclamation mark or nothing."""

QUESTIONS = (
    "[can|could|would] you [|please ][segment|find|mark|locate|highlight|outline|show me|point out] {np}?",
    "where {be} {np}?",
    "where in the [image|picture|view] {be} {np}?",
    "which pixels [belong to|show] {np}?",
    "[can you see|do you see] {np}?",
)

SIDES = ("left", "right")
HOLDS = "[touches|holds|grasps|interacts with|is holding|is touching|is interacting with]"
HELD_BY = "[held by|touched by|in|grasped by|in contact with|interacting with]"
HOLDING = "[holding|touching|grasping|interacting with|in contact with]"

SYNONYMS = {
    "toy car": ("car", "toy"),
    "mug": ("cup",),
    "laptop": ("computer", "notebook"),
    "storage furniture": ("cabinet", "drawer unit"),
    "safe": ("safe box", "strongbox"),
    "bucket": ("pail",),
    "kettle": ("teakettle",),
    "trash can": ("bin", "garbage can", "waste bin"),
    "lamp": ("desk lamp",),
}
"""Other everyday names; answers always use the name of the vocabulary."""

PLURAL_LABELS = frozenset({"scissors", "pliers"})


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
    if ask.questions and rng.random() < 0.3:
        return expand(_pick(ask.questions, rng), rng), True
    number = int(rng.integers(len(ask.singular) + len(ask.plural)))
    phrase = expand((ask.singular + ask.plural)[number], rng)
    form = rng.random()
    if form < 0.15:
        return phrase.removeprefix("the ") + str(rng.choice(["", "?"])), False
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
    return text[0].upper() + text[1:]


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def hand(side: str) -> Ask:
    """Ask for one hand by its side."""
    return Ask(singular=(f"the {side} hand", f"[the|my|the wearer's|the person's] {side} hand"))


HANDS = Ask(plural=("[the|both|all|all the|all visible|the two] hands", "the left and the right hand", "the hands"))

ACTIVE_HANDS = Ask(
    singular=(
        "the hand [|that is ]in interaction",
        "the [active|interacting|busy] hand",
        f"the hand {HOLDING} [an object|something]",
    ),
    plural=("the [active|interacting] hands", "[all|the] hands [|that are ]in interaction"),
    questions=(
        f"which hand {HOLDS} [something|an object]?",
        "which [hand is|hands are] [active|in interaction|busy]?",
    ),
)

IDLE_HANDS = Ask(
    singular=("the [idle|inactive|free|resting|empty] hand", "the hand that [touches|holds] nothing"),
    plural=("the [idle|inactive|free|empty] hands",),
    questions=("which hand is [idle|free|empty|not in interaction]?", "which hand [touches|holds] nothing?"),
)

HANDS_AND_OBJECTS = Ask(
    plural=(
        "the hands and objects in interaction",
        "the hands and [|the ]objects [that are |]in interaction",
        "[all|the] [active|interacting] hands and [|active ]objects",
    ),
    singular=("the hand and object in interaction", "everything [that is |]in interaction", "everything active"),
    questions=("which hands and objects are [in interaction|active|interacting]?",),
)

HANDS_AND_HELD = Ask(
    plural=(
        "[the|both|all] hands and [|all ]the objects they [touch|hold|interact with]",
        "[the|both|all] hands and [what|whatever] they [touch|hold]",
    ),
)

ACTIVE_OBJECTS = Ask(
    singular=(
        "the [active|touched|held|manipulated] object",
        "the object [|that is ]in interaction",
        "the object [in contact with a hand|being touched|that is being used|touched by a hand]",
    ),
    plural=(
        "all active objects",
        "[all|the|all the] [active|touched|held] objects",
        "[all|the] objects [in interaction|that are touched|in contact with a hand|being held]",
    ),
    questions=(
        "[what|which object] is [active|being touched|being held|in interaction]?",
        "which objects are [active|touched|in interaction|being held]?",
        "what [do the hands [touch|hold|interact with]|are the hands [holding|touching|interacting with]]?",
    ),
)

SHARED_OBJECT = Ask(
    singular=(
        "the object [held|touched|grasped] by both hands",
        "the object that both hands [hold|touch|share]",
        "the object in both hands",
    ),
    questions=("[what|which object] do both hands [hold|touch] together?", "[what|which object] is in both hands?"),
)


def object_of_hand(side: str) -> Ask:
    """Ask for the object that one hand touches."""
    return Ask(
        singular=(
            f"the object {HELD_BY} the {side} hand",
            f"the object [|that ]the {side} hand {HOLDS}",
            f"[what|whatever] the {side} hand {HOLDS}",
        ),
        questions=(
            f"what is [the|my] {side} hand {HOLDING}?",
            f"[what|which object] is [in|held by|touched by] the {side} hand?",
            f"what does the {side} hand [hold|touch|grasp|interact with]?",
            f"active object interacting with the {side} hand?",
        ),
    )


def hand_and_object(side: str) -> Ask:
    """Ask for a hand together with what it touches."""
    return Ask(
        plural=(
            f"the {side} hand and the object [|that ]it {HOLDS}",
            f"the {side} hand and [what|whatever] it {HOLDS}",
        ),
        singular=(f"the {side} hand with the object [in it|it [touches|holds]]",),
    )


def named(label: str, colour: str = "") -> Ask:
    """Ask for an object by its name; with a colour where the wording should be able to use it."""
    names = ["the {0}", "the {0}", "[a|my|this] {0}"] if label not in PLURAL_LABELS else ["the {0}", "[my|these] {0}"]
    if colour:
        names.append(f"the {colour} {{0}}")
    phrases = [name.format(label) for name in names * 2] + [f"the {other}" for other in SYNONYMS.get(label, ())]
    return _by_number(label, phrases, ())


def named_active(label: str) -> Ask:
    """Ask for a named object under the condition that a hand touches it."""
    be = _be(label)
    phrases = (
        f"the [active|touched|held] {label}",
        f"the {label} [in interaction|being touched|that {be} being held|in contact with a hand|held by a hand]",
    )
    return _by_number(label, phrases, (f"active {label}?", f"{be} the {label} [active|in interaction|being touched]?"))


def named_of_hand(label: str, side: str) -> Ask:
    """Ask for a named object under the condition that this hand touches it."""
    phrases = (f"the {label} {HELD_BY} the {side} hand", f"the {label} [|that ]the {side} hand {HOLDS}")
    questions = (
        f"active {label} interacting with the {side} hand?",
        f"is the {side} hand {HOLDING} the {label}?",
        f"{_be(label)} the {label} [in|held by|touched by] the {side} hand?",
    )
    return _by_number(label, phrases, questions)


def hand_of_named(label: str) -> Ask:
    """Ask for the hand that touches a named object."""
    return Ask(
        singular=(f"the hand {HOLDING} the {label}", f"the hand that {HOLDS} the {label}"),
        questions=(f"which hand {HOLDS} the {label}?", f"which hand is [on|{HOLDING}] the {label}?"),
    )


def named_and_its_hand(label: str) -> Ask:
    """Ask for a named object together with the hands on it."""
    it = "them" if label in PLURAL_LABELS else "it"
    return Ask(
        plural=(
            f"the {label} and the hand {HOLDING} {it}",
            f"the hand {HOLDING} the {label} and the {label}",
        ),
        singular=(f"the hand {HOLDING} the {label} together with the {label}",),
    )


def together(names: list[str]) -> Ask:
    """Ask for several named things at once, in this order; names come without articles."""
    phrases = [f"the {name}" for name in names]
    return Ask(plural=(", ".join(phrases[:-1]) + " and " + phrases[-1],))


def _by_number(label: str, phrases: tuple[str, ...] | list[str], questions: tuple[str, ...]) -> Ask:
    if label in PLURAL_LABELS:
        return Ask(plural=tuple(phrases), questions=questions)
    return Ask(singular=tuple(phrases), questions=questions)


def _be(label: str) -> str:
    return "are" if label in PLURAL_LABELS else "is"
