"""What an evaluation found: a row per query and per image, and the figures that follow from the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.data.ego_irgbench import Kind
from annexe_ros.evaluation import grounding, text
from annexe_ros.evaluation.grounding import Overlap


@dataclass(frozen=True)
class QueryRow:
    """One query and its reply.

    Attributes:
        image_id, query, kind: what was asked.
        targets: true names by slot.
        reference, answer: the right and the given answer.
        has_target, target_score: what the mask indicator said.
        overlap: how the masks fit.
        ms: wall time of the reply.
    """

    image_id: str
    query: str
    kind: Kind
    targets: tuple[str, ...]
    reference: str
    answer: str
    has_target: bool
    target_score: float
    overlap: Overlap
    ms: float

    @property
    def exact(self) -> bool:
        """Whether the answer is right to the word."""
        return text.exact(self.answer, self.reference)

    @property
    def indicator_right(self) -> bool:
        """Whether the indicator knew if there is a target."""
        return self.has_target == bool(self.targets)


@dataclass(frozen=True)
class ImageRow:
    """One image: its description and depth. ``depth_error`` is None where the engine estimates none."""

    image_id: str
    reference: str
    analysis: str
    depth_error: float | None


@dataclass(frozen=True)
class EvaluationReport:
    """All rows of an evaluation, in the order they were made; ``notes`` say in a sentence what couldn't be measured."""

    queries: tuple[QueryRow, ...]
    images: tuple[ImageRow, ...]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the figures; a figure that couldn't be measured is None, and ``notes`` then says why."""
        analysis = [row.analysis for row in self.images], [row.reference for row in self.images]
        answers = [row.answer for row in self.queries], [row.reference for row in self.queries]
        notes = list(self.notes)
        figures = {
            "n": len(self.queries),
            "images": len(self.images),
            "analysis": _text(*analysis, notes),
            "answer": _text(*answers, notes) | {"exact": _mean([row.exact for row in self.queries])},
            "grounding": _grounding([row.overlap for row in self.queries]),
            "indicator": {"accuracy": _mean([row.indicator_right for row in self.queries])},
            "depth": {"mae": _mean([row.depth_error for row in self.images if row.depth_error is not None])},
        }
        return figures | ({"notes": list(dict.fromkeys(notes))} if notes else {})


def _grounding(overlaps: Sequence[Overlap]) -> dict[str, float | None]:
    return {
        "ciou": grounding.ciou(overlaps),
        "giou": grounding.giou(overlaps),
        "per_target_iou": grounding.per_target_iou(overlaps),
        "authors_iou": grounding.authors_iou(overlaps),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _text(predicted: Sequence[str], references: Sequence[str], notes: list[str]) -> dict[str, float | None]:
    """Return the text metrics, with None and a note where a library or data that one needs is missing."""
    figures: dict[str, float | None] = {}
    for name, metric in (("meteor", text.meteor), ("cider", text.cider)):
        try:
            figures[name] = metric(predicted, references)
        except MissingDependencyError as error:
            figures[name] = None
            notes.append(f"{name}: {error}")
    return figures
