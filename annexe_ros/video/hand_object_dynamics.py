"""Narrations of hand-object dynamics (EgoHOD): what each hand did, told by rules from tracks of hands and objects.

Takes boxes from any detector. Says nothing of what it can't see: an unseen hand has no motion, a hand that touches
nothing has no relation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annexe_ros.data.clips.annotation import ClipAnnotation

STILL = 0.05
"""Share of the picture that counts as no movement."""
_PARTS = 3
"""A clip is told in thirds."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HandTrack:
    """One hand over a clip.

    Attributes:
        side: "left" or "right".
        boxes: (T, 4) left, top, right, bottom as shares of the picture; NaN where the hand is not seen.
        contact: (T,) whether it touches the object.
        thing: name of the object; empty for none.
        thing_boxes: (T, 4) like ``boxes``.
    """

    side: str
    boxes: Floats
    contact: NDArray[np.bool_]
    thing: str = ""
    thing_boxes: Floats | None = None


def track_of(clip: ClipAnnotation) -> HandTrack:
    """Return the track of a generated clip's hand."""
    boxes, things = np.asarray(clip.hand_boxes), np.asarray(clip.thing_boxes)
    return HandTrack(clip.side, boxes, np.asarray(clip.holds), clip.noun, things)


def describe(tracks: Sequence[HandTrack]) -> str:
    """Return one sentence per hand that is seen, or that no hand is."""
    told = [told for track in tracks if (told := _hand(track))]
    return " ".join(told) if told else "No hand is in view."


def _hand(track: HandTrack) -> str:
    centres = _centres(track.boxes)
    if len(centres) == 0 or np.isnan(centres).all():
        return ""
    clauses = [_in_words(movements(centres))]
    if track.thing and track.thing_boxes is not None:
        clauses += _contact(track, _centres(track.thing_boxes))
    return f"The {track.side} hand " + ", ".join(clauses) + "."


def _centres(boxes: ArrayLike) -> Floats:
    boxes = np.asarray(boxes, dtype=float).reshape(-1, 4)
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def movements(centres: Floats) -> list[str]:
    """Return "up", "down", "left", "right" or "still" for each third of a way (T, 2); image coordinates, y down.

    A third without two sightings is left out.
    """
    ends = np.linspace(0, len(centres) - 1, _PARTS + 1).round().astype(int)
    found = []
    for start, end in itertools.pairwise(ends):
        seen = centres[start : end + 1]
        seen = seen[~np.isnan(seen).any(axis=1)]
        if len(seen) > 1:
            found.append(direction(seen[-1] - seen[0]))
    return found


def direction(shift: Floats) -> str:
    """Return the word for a shift (2,) in shares of the picture; empty for one to or from where nothing was seen."""
    if not np.isfinite(shift).all():
        return ""
    across, down = shift
    if max(abs(across), abs(down)) < STILL:
        return "still"
    if abs(across) > abs(down):
        return "right" if across > 0 else "left"
    return "down" if down > 0 else "up"


_WORDS = {"up": "moves up", "down": "moves down", "left": "moves to the left", "right": "moves to the right",
          "still": "keeps still"}  # fmt: skip


def _in_words(found: Sequence[str]) -> str:
    different = [word for k, word in enumerate(found) if k == 0 or word != found[k - 1]]
    return " and then ".join(_WORDS[word] for word in different) if different else "is seen for a moment"


def _contact(track: HandTrack, things: Floats) -> list[str]:
    """Return what the hand does to the object, where that goes, and where the hand is in the end."""
    touched = np.flatnonzero(track.contact)
    if not len(touched):
        return [f"without touching the {track.thing}", *_relation(track, things)]
    begins, ends = bool(track.contact[0]), bool(track.contact[-1])
    verb = {(True, True): "holds", (False, True): "takes hold of", (True, False): "lets go of"}
    clauses = [f"{verb.get((begins, ends), 'touches for a while')} the {track.thing}"]
    moved = direction(things[touched[-1]] - things[touched[0]])
    if moved:
        clauses.append(f"which {_WORDS[moved]}" if moved != "still" else "which stays in its place")
    return clauses if ends else [*clauses, *_relation(track, things)]


def _relation(track: HandTrack, things: Floats) -> list[str]:
    """Return where the hand is in the end, seen from the object."""
    apart = direction(_centres(track.boxes)[-1] - things[-1])
    words = {"up": "above", "down": "below", "left": "to the left of", "right": "to the right of"}
    return [f"and ends {words[apart]} it"] if apart in words else []
