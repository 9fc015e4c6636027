"""Frame accuracy, segmental edit score and F1 at IoU thresholds, all in per cent.

As with the authors, the background is a class like any other, because their scripts look for a class of that name and
the labels are numbers. Unlike with them, the last segment of a video has its full length.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = (0.10, 0.25, 0.50)

Labels = NDArray[np.integer]


class Segment(NamedTuple):
    """A run of equal labels; ``end`` is exclusive."""

    label: int
    start: int
    end: int


def segments(labels: Labels) -> list[Segment]:
    """Return the runs of equal labels of a video (T,)."""
    bounds = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [Segment(int(labels[start]), start, end) for start, end in pairwise(bounds)]


def frame_accuracy(predicted: Sequence[Labels], true: Sequence[Labels]) -> float:
    """Return the share of frames of all videos that are labelled right; each pair of videos has one length."""
    right = sum(int((a == b).sum()) for a, b in zip(predicted, true, strict=True))
    return 100.0 * right / sum(len(video) for video in true)


def edit_score(predicted: Sequence[Labels], true: Sequence[Labels]) -> float:
    """Return the mean over videos of 1 - edit distance of the segments' labels / length of the longer sequence."""
    scores = []
    for a, b in zip(predicted, true, strict=True):
        ours, theirs = ([segment.label for segment in segments(video)] for video in (a, b))
        scores.append(1 - _levenshtein(ours, theirs) / max(len(ours), len(theirs)))
    return 100.0 * float(np.mean(scores))


def f1_score(predicted: Sequence[Labels], true: Sequence[Labels], threshold: float) -> float:
    """Return F1 over the segments of all videos.

    A predicted segment is right if the true one of its class that it overlaps best (IoU) reaches the threshold and
    wasn't found before.
    """
    found = ours = theirs = 0
    for a, b in zip(predicted, true, strict=True):
        guesses, truths = segments(a), segments(b)
        found += _matches(guesses, truths, threshold)
        ours, theirs = ours + len(guesses), theirs + len(truths)
    return 100.0 * 2 * found / (ours + theirs)


def segmentation_scores(predicted: Sequence[Labels], true: Sequence[Labels]) -> dict[str, float]:
    """Return ``{acc, edit, f1_10, f1_25, f1_50}`` of videos (T,) each, in per cent."""
    f1 = {f"f1_{round(100 * at)}": f1_score(predicted, true, at) for at in THRESHOLDS}
    return {"acc": frame_accuracy(predicted, true), "edit": edit_score(predicted, true), **f1}


def _matches(guesses: Sequence[Segment], truths: Sequence[Segment], threshold: float) -> int:
    taken: set[int] = set()
    for guess in guesses:
        overlaps = [_overlap(guess, truth) for truth in truths]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= threshold:
            taken.add(best)
    return len(taken)


def _overlap(a: Segment, b: Segment) -> float:
    if a.label != b.label:
        return 0.0
    common = min(a.end, b.end) - max(a.start, b.start)
    return max(common, 0) / (max(a.end, b.end) - min(a.start, b.start))


def _levenshtein(a: Sequence[int], b: Sequence[int]) -> int:
    above = list(range(len(b) + 1))
    for row, one in enumerate(a, start=1):
        line = [row]
        for column, other in enumerate(b, start=1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (one != other)))
        above = line
    return above[-1]
