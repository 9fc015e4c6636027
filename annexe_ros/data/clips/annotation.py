"""What is known of a generated clip: verb, noun, narration, hard negatives, and the tracks of hand and thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from annexe_ros.data.clips.taxonomy import CLIP_NOUNS, CLIP_VERBS, substitutes
from annexe_ros.data.clips.vocabulary import backwards, narrate, noun_wordings, verb_wordings
from annexe_ros.data.scenes.appearance import Generator

NEGATIVES = 10
"""Hard negatives of each kind, as in EgoHOIBench."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wording:
    """A narration and its hard negatives: the same with another verb, and the same with another noun."""

    narration: str
    verb_negatives: tuple[str, ...]
    noun_negatives: tuple[str, ...]


@dataclass(frozen=True)
class ClipAnnotation:
    """One clip.

    Attributes:
        id: name of its files.
        verb, noun: names in ``vocabulary``.
        side: "left" or "right", the hand that acts.
        wording: narration and hard negatives.
        rate_hz: frames per second.
        hand_boxes, thing_boxes: per frame (left, top, right, bottom) as shares of the picture's sides.
        holds: per frame, whether the hand has hold of the thing.
    """

    id: str
    verb: str
    noun: str
    side: str
    wording: Wording
    rate_hz: float
    hand_boxes: tuple[Box, ...]
    thing_boxes: tuple[Box, ...]
    holds: tuple[bool, ...]

    def backwards(self) -> ClipAnnotation:
        """Return the annotation of the same film shown backwards."""
        verb = backwards(self.verb)
        return replace(
            self,
            verb=verb,
            wording=word(_dice(self.id, 1), verb, self.noun),
            hand_boxes=self.hand_boxes[::-1],
            thing_boxes=self.thing_boxes[::-1],
            holds=self.holds[::-1],
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClipAnnotation:
        """Read what ``to_json`` wrote; raises ``KeyError`` or ``TypeError`` on anything else."""
        wording = data["wording"]
        words = Wording(wording["narration"], tuple(wording["verb_negatives"]), tuple(wording["noun_negatives"]))
        boxes = {name: tuple(tuple(box) for box in data[name]) for name in ("hand_boxes", "thing_boxes")}
        return cls(**{**data, "wording": words, **boxes, "holds": tuple(data["holds"])})


def word(rng: Generator, verb: str, noun: str, negatives: int = NEGATIVES) -> Wording:
    """Return one narration of a verb and a noun, with as many ``negatives`` of each kind."""
    verbs, nouns = verb_wordings(verb), noun_wordings(noun)
    verb_words, noun_words = verbs[int(rng.integers(len(verbs)))], nouns[int(rng.integers(len(nouns)))]
    narration = narrate(verb_words, noun_words)
    return Wording(
        narration,
        tuple(substitutes(rng, narration, verb_words, CLIP_VERBS, negatives)),
        tuple(substitutes(rng, narration, noun_words, CLIP_NOUNS, negatives)),
    )


def _dice(name: str, turn: int) -> Generator:
    return np.random.default_rng([*name.encode(), turn])
