"""Which questions are about the wearer's gaze, and what they want to know of what is looked at.

English alone. Whoever speaks may be the wearer ("I") or tell of one ("the person"). Where the gaze is isn't known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from annexe_ros.core.interpretation import Hands

_LOOKER = r"(?:i|i'm|we|we're|he|he's|she|she's|they|they're|(?:person|wearer|user|operator)(?:'s)?)"
_LOOKS = r"(?:am |is |are )?(?:currently |now )?(?:look(?:s|ing)?|star(?:e|es|ing))\b(?! (?:for|like|forward|to)\b)"
_LOOKING = re.compile(rf"\b{_LOOKER} {_LOOKS}|\bgaz(?:e|es|ing)\b|\bfixat|\beyes? (?:are|is|rests?) (?:up)?on\b")
_HAND_LOOKED_AT = re.compile(rf"\b(?:what|which) hand (?:am |is |are )?(?:the )?{_LOOKER} {_LOOKS}")
_TOUCH = re.compile(r"\bhands?\b|\b(?:hold|touch|grasp|grip|grab|handl|us|carry)(?:e|s|es|ing)?\b|\bin contact\b")
_SIDES = {Hands.LEFT: re.compile(r"\bleft\b"), Hands.RIGHT: re.compile(r"\bright\b")}


@dataclass(frozen=True)
class GazeQuestion:
    """A question about what is looked at.

    Attributes:
        hands: the hands that are asked about, whether they are on it; none: what it is.
    """

    hands: Hands = Hands.NONE


def gaze_question(text: str) -> GazeQuestion | None:
    """Return what a question wants to know of what is looked at; None where it isn't about the gaze.

    >>> gaze_question("What am I looking at?")
    GazeQuestion(hands=<Hands.NONE: 0>)
    >>> gaze_question("Is the right hand on what I look at?")
    GazeQuestion(hands=<Hands.RIGHT: 2>)
    >>> gaze_question("I am looking for the mug.")
    """
    folded = " ".join(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if not _LOOKING.search(folded):
        return None
    if _HAND_LOOKED_AT.search(folded) or not _TOUCH.search(folded):
        return GazeQuestion()
    named = Hands.NONE
    for hand, side in _SIDES.items():
        if side.search(folded):
            named |= hand
    return GazeQuestion(named or Hands.LEFT | Hands.RIGHT)
