"""What may be asked about hands and objects, each in the wordings that mean it. Templates as in ``wording``.

The wearer is "I" as well as "the person": the camera is on the head of whoever asks, or of whoever is watched.
"""

from __future__ import annotations

from collections.abc import Sequence

from annexe_ros.data.scenes.wording import Ask

SIDES = ("left", "right")
_HOLDS = "[touches|holds|grasps|interacts with|is holding|is touching|is interacting with]"
_HELD_BY = "[held by|touched by|in|grasped by|in contact with|interacting with]"
_HOLDING = "[holding|touching|grasping|interacting with|in contact with]"
_I_HOLD = "i [am holding|am touching|hold|touch|am interacting with|have in my hand]"

SYNONYMS = {
    "toy car": ("car", "toy"),
    "mug": ("cup", "coffee mug"),
    "laptop": ("computer", "notebook", "notebook computer"),
    "storage furniture": ("cabinet", "drawer unit", "chest of drawers"),
    "safe": ("safe box", "strongbox"),
    "bucket": ("pail",),
    "kettle": ("teakettle",),
    "trash can": ("bin", "garbage can", "waste bin", "trash bin"),
    "lamp": ("desk lamp", "table lamp"),
}
"""Other everyday names; answers always use the name of the vocabulary."""

PLURAL_LABELS = frozenset({"scissors", "pliers"})

HANDS = Ask(
    plural=(
        "the hands",
        "[the|both|all|all the|all visible|the two|my|both my|the wearer's|the person's] hands",
        "the left and the right hand",
    )
)

ACTIVE_HANDS = Ask(
    singular=(
        "the hand [|that is ]in interaction",
        "the [active|interacting|busy] hand",
        f"the hand {_HOLDING} [an object|something|anything]",
        "the hand [that is in use|in contact with an object|that interacts with an object]",
    ),
    plural=(
        "the [active|interacting] hands",
        "[all|the] hands [|that are ]in interaction",
        "[all|the] hands [touching|holding] something",
    ),
    questions=(
        f"which hand {_HOLDS} [something|an object]?",
        "which [hand is|hands are] [active|in interaction|busy|in use]?",
        "which hand am i using?",
        "which of my hands [holds|touches] something?",
    ),
)

IDLE_HANDS = Ask(
    singular=(
        "the [idle|inactive|free|resting|empty|unused] hand",
        "the hand that [touches|holds] nothing",
        "the hand that is not [in use|in interaction|touching anything|holding anything]",
    ),
    plural=("the [idle|inactive|free|empty|unused] hands",),
    questions=(
        "which hand is [idle|free|empty|not in interaction|not in use]?",
        "which hand [touches|holds] nothing?",
        "which hand is not [touching|holding] anything?",
    ),
)

HANDS_AND_OBJECTS = Ask(
    plural=(
        "the hands and objects in interaction",
        "the hands and [|the ]objects [that are |]in interaction",
        "[all|the] [active|interacting] hands and [|active ]objects",
        "the hands and objects that interact",
    ),
    singular=(
        "the hand and object in interaction",
        "everything [that is |]in interaction",
        "everything [active|involved in the interaction]",
    ),
    questions=(
        "which hands and objects are [in interaction|active|interacting]?",
        "what takes part in the interaction?",
    ),
)

HANDS_AND_HELD = Ask(
    plural=(
        "[the|both|all|my] hands and [|all ]the objects they [touch|hold|interact with]",
        "[the|both|all|my] hands and [what|whatever] they [touch|hold]",
    ),
)

ACTIVE_OBJECTS = Ask(
    singular=(
        "the [active|touched|held|manipulated] [object|object|thing]",
        "the object [|that is ]in interaction",
        "the [object|thing] [in contact with a hand|being touched|that is being used|touched by a hand|in my hand]",
        f"the [object|thing] [|that ]{_I_HOLD}",
        f"[what|whatever] {_I_HOLD}",
    ),
    plural=(
        "all active objects",
        "[all|the|all the] [active|touched|held|manipulated] objects",
        "[all|the] [objects|things] [in interaction|that are touched|in contact with a hand|being held]",
    ),
    questions=(
        "[what|which object] is [active|being touched|being held|in interaction]?",
        "which objects are [active|touched|in interaction|being held]?",
        "what [do the hands [touch|hold|interact with]|are the hands [holding|touching|interacting with]]?",
        "what [am i|is the person|is the wearer] [holding|touching|interacting with|using]?",
        "[what|which] object am i [holding|touching|interacting with]?",
    ),
)

SHARED_OBJECT = Ask(
    singular=(
        "the object [held|touched|grasped] by both hands",
        "the object that both hands [hold|touch|share]",
        "the object in both hands",
    ),
    questions=(
        "[what|which object] do both hands [hold|touch] together?",
        "[what|which object] is in both hands?",
        "[what|which object] am i holding with both hands?",
    ),
)


def hand(side: str) -> Ask:
    """Ask for one hand by its side."""
    return Ask(singular=(f"the {side} hand", f"[the|my|my|the wearer's|the person's] {side} hand"))


def object_of_hand(side: str) -> Ask:
    """Ask for the object that one hand touches."""
    return Ask(
        singular=(
            f"the [object|object|thing] {_HELD_BY} [the|my] {side} hand",
            f"the object [|that ][the|my] {side} hand {_HOLDS}",
            f"[what|whatever] [the|my] {side} hand {_HOLDS}",
            f"[what|the object] i [hold in|have in|touch with] my {side} hand",
        ),
        questions=(
            f"what is [the|my] {side} hand {_HOLDING}?",
            f"[what|which object] is [in|held by|touched by] [the|my] {side} hand?",
            f"what's in [the|my] {side} hand?",
            f"what does [the|my] {side} hand [hold|touch|grasp|interact with]?",
            f"what am i [holding|touching] with my {side} hand?",
            f"active object interacting with the {side} hand?",
        ),
    )


def hand_and_object(side: str) -> Ask:
    """Ask for a hand together with what it touches."""
    return Ask(
        plural=(
            f"[the|my] {side} hand and the object [|that ]it {_HOLDS}",
            f"[the|my] {side} hand and [what|whatever] it {_HOLDS}",
        ),
        singular=(f"[the|my] {side} hand with the object [in it|it [touches|holds]]",),
    )


def named(label: str, colour: str = "") -> Ask:
    """Ask for an object by its name; with a colour where the wording should be able to use it."""
    a = _article(label)
    names = ["the {0}", "[my|these] {0}"] if label in PLURAL_LABELS else ["the {0}"] * 2 + [f"[{a}|my|this] {{0}}"]
    if colour:
        names.append(f"the {colour} {{0}}")
    phrases = [name.format(label) for name in names * 3] + [f"the {other}" for other in SYNONYMS.get(label, ())]
    article = "" if label in PLURAL_LABELS else f" {a}"
    return _by_number(label, phrases, (f"[{_be(label)} there|do you see|can you see]{article} {label}[| here]?",))


def named_active(label: str) -> Ask:
    """Ask for a named object under the condition that a hand touches it."""
    be = _be(label)
    phrases = (
        f"the [active|touched|held] {label}",
        f"the {label} [in interaction|being touched|that {be} being held|in contact with a hand|held by a hand]",
        f"the {label} [|that ]{_I_HOLD}",
        f"the {label} in my hand",
    )
    questions = (
        f"active {label}?",
        f"{be} the {label} [active|in interaction|being touched]?",
        f"am i [holding|touching] the {label}?",
    )
    return _by_number(label, phrases, questions)


def named_of_hand(label: str, side: str) -> Ask:
    """Ask for a named object under the condition that this hand touches it."""
    phrases = (
        f"the {label} {_HELD_BY} [the|my] {side} hand",
        f"the {label} [|that ][the|my] {side} hand {_HOLDS}",
        f"the {label} i [hold in|have in|touch with] my {side} hand",
    )
    questions = (
        f"active {label} interacting with the {side} hand?",
        f"is [the|my] {side} hand {_HOLDING} the {label}?",
        f"{_be(label)} the {label} [in|held by|touched by] [the|my] {side} hand?",
    )
    return _by_number(label, phrases, questions)


def hand_of_named(label: str) -> Ask:
    """Ask for the hand that touches a named object."""
    return Ask(
        singular=(
            f"the hand {_HOLDING} the {label}",
            f"the hand that {_HOLDS} the {label}",
            f"the hand on the {label}",
        ),
        questions=(
            f"which hand {_HOLDS} the {label}?",
            f"which hand is [on|{_HOLDING}] the {label}?",
            f"which hand am i [holding|touching] the {label} with?",
        ),
    )


def named_and_its_hand(label: str) -> Ask:
    """Ask for a named object together with the hands on it."""
    it = "them" if label in PLURAL_LABELS else "it"
    return Ask(
        plural=(
            f"the {label} and the hand {_HOLDING} {it}",
            f"the hand {_HOLDING} the {label} and the {label}",
        ),
        singular=(f"the hand {_HOLDING} the {label} together with the {label}",),
    )


def together(names: Sequence[str]) -> Ask:
    """Ask for several named things at once, in this order; names come without articles."""
    phrases = [f"the {name}" for name in names]
    return Ask(
        plural=(
            ", ".join(phrases[:-1]) + " and " + phrases[-1],
            "[the|my|] " + ", ".join(names[:-1]) + " and [the|my|] " + names[-1],
        )
    )


def _by_number(label: str, phrases: Sequence[str], questions: Sequence[str]) -> Ask:
    if label in PLURAL_LABELS:
        return Ask(plural=tuple(phrases), questions=tuple(questions))
    return Ask(singular=tuple(phrases), questions=tuple(questions))


def _article(label: str) -> str:
    return "an" if label[0] in "aeiou" else "a"


def _be(label: str) -> str:
    return "are" if label in PLURAL_LABELS else "is"
