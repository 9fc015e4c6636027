"""Whether events help descriptions: which verb is told of a generated clip, from its last image and from its motion.

The description is an engine's, of the clip's last image; the event is recognised in all of its images, as the live node
does. For comparison the same is done with the last image alone, shown as often, and with windows that begin half a
second too early or too late, in which the film stands still before it begins or after it has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, Interpreter, Query
from annexe_ros.core.event import InteractionEvent, told
from annexe_ros.data.clips.annotation import ClipAnnotation
from annexe_ros.data.clips.dataset import RenderedClip
from annexe_ros.data.clips.vocabulary import NOUNS, VERBS, noun_wordings
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.framing import square
from annexe_ros.video.processing_egovideo import middles
from annexe_ros.video.prompts import PromptSet, prompt_set
from annexe_ros.video.recognition import Recogniser
from annexe_ros.video.window import StampedClip

QUERY = Query("What are the hands doing?", want_mask=False, want_3d=False)
SHIFT = 4
"""Frames by which a window is early or late: half a second of a clip's two."""
MARGINS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)

VIEWS: Mapping[str, Callable[[int], NDArray[np.int_]]] = {
    "motion": np.arange,
    "still": lambda count: np.full(count, count - 1),
    "early": lambda count: np.maximum(np.arange(count) - SHIFT, 0),
    "late": lambda count: np.minimum(np.arange(count) + SHIFT, count - 1),
}
"""Which frames the recogniser is shown of a clip's."""


@dataclass(frozen=True)
class Seen:
    """A clip's truth, the description of its last image, and the event of each of ``VIEWS``."""

    truth: ClipAnnotation
    analysis: str
    events: Mapping[str, InteractionEvent]

    def text(self, view: str, min_margin: float) -> str:
        """Return the description as the perception node tells it, given the event of a view; alone below the margin."""
        event = self.events[view]
        return told(self.analysis, event) if event.margin >= min_margin else self.analysis


def generated_prompts() -> PromptSet:
    """Return every verb and noun of generated clips, each with all its wordings."""
    return prompt_set(verb_entries(), noun_entries(), template="#C C {phrase}")


def verb_entries() -> list[str]:
    """Return the verbs as the recognizer's parameter takes them."""
    return ["/".join(verb.wordings) for verb in VERBS]


def noun_entries() -> list[str]:
    """Return the nouns as the recognizer's parameter takes them."""
    entries = [(noun, "/".join(noun_wordings(noun))) for noun in NOUNS]
    return [words if words.split("/")[0] == noun else f"{noun}={words}" for noun, words in entries]


def look(encoder: ClipEncoder, recogniser: Recogniser, interpreter: Interpreter, clip: RenderedClip) -> Seen:
    """Return what is seen of a clip."""
    analysis = interpreter.interpret(Frame(np.ascontiguousarray(clip.frames[-1])), QUERY).analysis
    count = encoder.config.num_frames
    chosen = clip.frames[middles(len(clip.frames), count)]
    small = np.stack([square(frame, encoder.config.frame_size) for frame in chosen])
    maps, shown = encoder.see_frames(small), StampedClip(small, tuple(range(count)))
    vectors = encoder.embed_maps(np.stack([maps[view(count)] for view in VIEWS.values()]))
    events = [recogniser.judged(vector, shown) for vector in vectors]
    return Seen(clip.annotation, analysis, dict(zip(VIEWS, events, strict=True)))


def verbs_told(text: str) -> set[str]:
    """Return the names of the verbs that a text tells in any of their wordings."""
    return {verb.name for verb in VERBS if any(re.search(rf"\b{words}\b", text) for words in verb.wordings)}


def figures(seen: Iterable[Seen], min_margin: float) -> dict[str, Any]:
    """Return shares of clips: of whose description the verb is right, and of which another is told.

    ``alone`` is the description itself, ``motion``, ``still``, ``early`` and ``late`` with the event of that view where
    it has the margin, ``in_place`` the share in which the event's verb took the place of "holds" or "touches", and
    ``margins`` what other margins would give.
    """
    seen = list(seen)
    alone = [clip.analysis for clip in seen]
    return {
        "n": len(seen),
        "min_margin": min_margin,
        "alone": _judged(seen, alone),
        **{view: _judged(seen, [clip.text(view, min_margin) for clip in seen]) for view in VIEWS},
        "in_place": float(np.mean([_replaced(clip, min_margin) for clip in seen])),
        "noun": float(np.mean([clip.events["motion"].noun == clip.truth.noun for clip in seen])),
        "margins": [
            {"min_margin": margin, **_judged(seen, [clip.text("motion", margin) for clip in seen])}
            for margin in MARGINS
        ],
    }


def _judged(seen: Sequence[Seen], texts: Sequence[str]) -> dict[str, float]:
    right = [clip.truth.verb in verbs_told(text) for clip, text in zip(seen, texts, strict=True)]
    wrong = [bool(verbs_told(text) - {clip.truth.verb}) for clip, text in zip(seen, texts, strict=True)]
    return {"right": float(np.mean(right)), "wrong": float(np.mean(wrong))}


def _replaced(clip: Seen, min_margin: float) -> bool:
    text = clip.text("motion", min_margin)
    return text != clip.analysis and not text.startswith(clip.analysis)
