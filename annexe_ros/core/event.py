"""What a hand was seen to do in a window of time, and how that joins the description of a single frame.

A still shows that a hand holds a mug; only motion tells whether the mug is being picked up or put down. Descriptions
are English sentences of any engine; nothing is known here of who wrote them or who recognised the event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import Interpretation

NANOSECONDS = 1_000_000_000
ABUTS_NS = NANOSECONDS
"""A window that ended so long before a frame still tells about it: recognising takes time, and comes in strides."""
_LINKS = r"(?:above|and|at|in|near|on|over|while|with)\b"
_BESIDES = rf"(?:(?!{_LINKS}|the\b|an?\b)[\w-]+ )*?"
"""The words that may stand before a noun: "white", "pair of grey"."""


@dataclass(frozen=True)
class InteractionEvent:
    """A window of one camera's frames, recognised as a whole.

    Attributes:
        verb, noun: as prompted, e.g. "picks up" and "mug"; empty where phrases were prompted.
        phrase: what fits best, e.g. "picks up the mug".
        rival: the hard negative that fits best: the phrase with another verb or with another noun.
        score: cosine similarity of window and phrase, -1..1.
        margin: score minus that of the rival.
        start_ns, end_ns: stamps of the window's first and last frame [ns].
        frame_id: optical frame of the camera.
        model: who recognised it.
    """

    verb: str
    noun: str
    phrase: str
    rival: str
    score: float
    margin: float
    start_ns: int
    end_ns: int
    frame_id: str = ""
    model: str = ""

    def tells_about(self, frame: Frame) -> bool:
        """Tell whether the window is of the frame's camera, and covers the frame or ended shortly before it."""
        return self.frame_id == frame.frame_id and self.start_ns <= frame.stamp_ns <= self.end_ns + ABUTS_NS


def event_for(frame: Frame, events: Iterable[InteractionEvent]) -> InteractionEvent | None:
    """Return the event whose window is centred nearest to a frame, of those that tell about it."""
    fitting = [event for event in events if event.tells_about(frame)]
    return min(fitting, key=lambda event: abs(event.start_ns + event.end_ns - 2 * frame.stamp_ns), default=None)


def with_event(reply: Interpretation, event: InteractionEvent | None) -> Interpretation:
    """Return a reply whose analysis tells the event, and whose notes say where that comes from.

    A reply without an analysis stays as it is.
    """
    if event is None or not reply.analysis:
        return reply
    seconds = (event.end_ns - event.start_ns) / NANOSECONDS
    note = f"'{event.phrase}' in the analysis is from {seconds:.1f} s of motion, by a margin of {event.margin:.2f}"
    return replace(reply, analysis=told(reply.analysis, event), notes=(*reply.notes, note))


def told(analysis: str, event: InteractionEvent) -> str:
    """Return a description that tells an event.

    Where one hand holds or touches the event's object, the event's verb takes the place of that: "The right hand picks
    up a white mug." Otherwise the event is a sentence of its own behind the description: the hand may have let go.
    """
    thing = rf"(?:an?|the) {_BESIDES}{re.escape(event.noun)}(?= {_LINKS}|[.,;]|$)"
    clause = re.compile(rf"\bhand (?:holds|touches) ({thing})")
    if event.verb and event.noun and len(clause.findall(analysis)) == 1:
        return clause.sub(lambda found: f"hand {event.verb} {found[1]}", analysis)
    return f"{analysis} The wearer {event.phrase}."
