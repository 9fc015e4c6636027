"""How much faster an engine answers than the plain way with the same weights, and whether it says and shows the same.

Both are handed over; what they do inside isn't known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.benchmark.pairs import Pair, median_speedup, paired
from annexe_ros.benchmark.views import fresh
from annexe_ros.core import Frame, Interpretation, Query

LEAST_IOU = 0.99
"""Overlap from which on two masks count as the same."""


class Answers(Protocol):
    """Whoever answers a query about a frame."""

    def interpret(self, frame: Frame, query: Query) -> Interpretation:
        """Analyse, answer and ground."""


@dataclass
class Comparison:
    """What was measured with the plain way and ours in turns.

    Attributes:
        first: pairs of a first query about a frame.
        follow_up: pairs of a second query about the same frame.
        replies: what both said, plain first.
    """

    first: list[Pair] = field(default_factory=list)
    follow_up: list[Pair] = field(default_factory=list)
    replies: list[tuple[Interpretation, Interpretation]] = field(default_factory=list)

    @property
    def first_query_speedup(self) -> float:
        """Median of the ratios of first queries."""
        return median_speedup(self.first)

    @property
    def follow_up_speedup(self) -> float:
        """Median of the ratios of second queries."""
        return median_speedup(self.follow_up)

    @property
    def differences(self) -> list[str]:
        """A sentence for everything in which the replies differ."""
        return [sentence for plain, ours in self.replies for sentence in differences(plain, ours)]

    def stages_ms(self) -> dict[str, float]:
        """Return the median time of each stage of our first queries [ms], those without it left out."""
        found: dict[str, list[float]] = {}
        for _, ours in self.replies[::2]:
            for latency in ours.latencies:
                found.setdefault(str(latency.stage), []).append(latency.ms)
        return {stage: median(times) for stage, times in found.items()}


def compare(
    plain: Answers,
    ours: Answers,
    images: Sequence[NDArray[np.uint8]],
    queries: Sequence[Query],
    follow: Callable[[int, int], object] = lambda done, total: None,
) -> Comparison:
    """Ask both about each image a first and a second query, in turns.

    Each image comes once, so that nobody gains by having described it before. Which queries it gets changes from image
    to image; ``follow`` is told how far it is.
    """
    found = Comparison()
    _ask(plain, ours, fresh(np.full_like(images[0], 128)), queries[0], Comparison().first, found.replies)
    found.replies.clear()  # that was for warming up
    for number, image in enumerate(images):
        frame = fresh(image)
        first, second = queries[number % len(queries)], queries[(number + 1) % len(queries)]
        _ask(plain, ours, frame, first, found.first, found.replies)
        _ask(plain, ours, frame, second, found.follow_up, found.replies)
        follow(number + 1, len(images))
    return found


def _ask(
    plain: Answers,
    ours: Answers,
    frame: Frame,
    query: Query,
    pairs: list[Pair],
    replies: list[tuple[Interpretation, Interpretation]],
) -> None:
    said: dict[str, Interpretation] = {}
    pairs += paired(
        lambda: said.update(plain=plain.interpret(frame, query)),
        lambda: said.update(ours=ours.interpret(frame, query)),
        start=len(replies),
        repeats=1,
    )
    replies.append((said["plain"], said["ours"]))


def differences(plain: Interpretation, ours: Interpretation) -> list[str]:
    """Return a sentence for everything in which two replies about the same frame differ."""
    texts = [
        f"{name}: '{theirs}' became '{own}'"
        for name, theirs, own in (("analysis", plain.analysis, ours.analysis), ("answer", plain.answer, ours.answer))
        if theirs != own
    ]
    if texts or len(plain.objects) != len(ours.objects):
        return texts or [f"{len(plain.objects)} targets became {len(ours.objects)}"]
    overlaps = [
        (own.label, overlap(plain.mask(theirs), ours.mask(own)))
        for theirs, own in zip(plain.objects, ours.objects, strict=True)
    ]
    return [f"{label}: masks overlap by {iou:.4f}" for label, iou in overlaps if iou <= LEAST_IOU]


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the intersection over union of two masks (H, W); 1 for two empty ones."""
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0
