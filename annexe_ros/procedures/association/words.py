"""What is said of a segment, as a vector: a bag of the narration's words, or of its classes where none is published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.narrations import Segment

LEAST = 2
"""Segments that a word must come in: one that comes once ties no two segments together."""
_WORD = re.compile(r"[a-z]+")


def words_of(segment: Segment) -> tuple[str, ...]:
    """Return the different words of the narration; without one, names of the verb and noun classes."""
    if segment.narration:
        return tuple(dict.fromkeys(_WORD.findall(segment.narration.lower())))
    return tuple(dict.fromkeys([*(f"verb {k}" for k in segment.verbs), *(f"noun {k}" for k in segment.nouns)]))


def vocabulary(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Return the words that two segments or more have, in alphabetical order."""
    counts = Counter(word for segment in segments for word in words_of(segment))
    return tuple(sorted(word for word, count in counts.items() if count >= LEAST))


def bags(segments: Sequence[Segment], words: Sequence[str]) -> NDArray[np.float32]:
    """Return a row (N, W) per segment: 1 / sqrt(n) for each of its n known words."""
    column = {word: place for place, word in enumerate(words)}
    rows = np.zeros((len(segments), len(words)), dtype=np.float32)
    for row, segment in zip(rows, segments, strict=True):
        known = [column[word] for word in words_of(segment) if word in column]
        row[known] = 1 / np.sqrt(max(len(known), 1))
    return rows
