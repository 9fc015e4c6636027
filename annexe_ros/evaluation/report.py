"""What an evaluation found: a row per query and per image, and the figures that follow from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.data.ego_irgbench import Kind
from annexe_ros.evaluation import text
from annexe_ros.evaluation.breakdown import breakdown
from annexe_ros.evaluation.grounding import Overlap
from annexe_ros.evaluation.interaction import Findings
from annexe_ros.evaluation.intervals import Ratio
from annexe_ros.evaluation.naming import NamedInstance, by_area, shares


@dataclass(frozen=True)
class QueryRow:
    """One query and its reply.

    Attributes:
        image_id, query, kind: what was asked.
        targets: true names by slot.
        reference, answer: the right and the given answer.
        has_target, target_score: what the mask indicator said.
        overlap: how the masks fit.
        findings: which hands and objects were found.
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
    findings: Findings
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
    """One image.

    Attributes:
        image_id: which one.
        reference, analysis: the right and the given description.
        depth_error: of relative depth; None where the engine estimates none.
        instances: what is in view and what it was called; empty where the engine names no instances.
        colours: of the things that both descriptions name, whether the given one has the colour right.
    """

    image_id: str
    reference: str
    analysis: str
    depth_error: float | None
    instances: tuple[NamedInstance, ...] = ()
    colours: tuple[bool, ...] = ()


@dataclass(frozen=True)
class EvaluationReport:
    """All rows of an evaluation, in the order they were made; ``notes`` say in a sentence what couldn't be measured."""

    queries: tuple[QueryRow, ...]
    images: tuple[ImageRow, ...]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the figures; a figure that couldn't be measured is None, and ``notes`` then says why.

        ``breakdown`` has them by groups of queries, and names by objects' size; ``intervals`` their 95 % bounds.
        """
        notes = list(self.notes)
        ratios = self.ratios(notes)
        figures: dict[str, Any] = {"n": len(self.queries), "images": len(self.images)}
        figures |= {part: {name: r.value if r else None for name, r in of.items()} for part, of in ratios.items()}
        figures["breakdown"] = breakdown(self.queries) | {"area": by_area(self._instances)}
        figures["intervals"] = {
            part: {name: r.interval() if r else None for name, r in of.items()} for part, of in ratios.items()
        }
        return figures | ({"notes": list(dict.fromkeys(notes))} if notes else {})

    def ratios(self, notes: list[str]) -> dict[str, Mapping[str, Ratio | None]]:
        """Return every headline figure by part and name; None, and mostly a note, where it couldn't be measured."""
        asked, shown = [row.image_id for row in self.queries], [row.image_id for row in self.images]
        analysis = [row.analysis for row in self.images], [row.reference for row in self.images]
        answers = [row.answer for row in self.queries], [row.reference for row in self.queries]
        depths = [row.depth_error for row in self.images]
        return {
            "analysis": _text(shown, *analysis, notes) | {"colours": self._colours},
            "answer": _text(asked, *answers, notes) | {"exact": Ratio.of(asked, [row.exact for row in self.queries])},
            "grounding": _grounding(asked, [row.overlap for row in self.queries]),
            "interaction": _interaction(asked, [row.findings for row in self.queries]),
            "indicator": {"accuracy": Ratio.of(asked, [row.indicator_right for row in self.queries])},
            "naming": shares(self._instances),
            "depth": {"mae": Ratio.of(shown, [e or 0.0 for e in depths], [e is not None for e in depths])},
        }

    @property
    def _colours(self) -> Ratio | None:
        """Of all images, also of those whose descriptions name nothing coloured: another engine's may."""
        told = [row.colours for row in self.images]
        images = [row.image_id for row in self.images]
        return Ratio.of(images, [sum(c) for c in told], [len(c) for c in told]) if any(told) else None

    @property
    def _instances(self) -> list[NamedInstance]:
        return [instance for row in self.images for instance in row.instances]


def _grounding(images: Sequence[str], overlaps: Sequence[Overlap]) -> dict[str, Ratio | None]:
    slots = [item.target_ious for item in overlaps]
    intersections, unions = [item.intersection for item in overlaps], [item.union for item in overlaps]
    return {
        "ciou": Ratio.of(images, intersections, unions) if any(slots) else None,
        "giou": Ratio.of(images, [item.iou for item in overlaps]),
        "per_target_iou": Ratio.of(images, [sum(ious) for ious in slots], [len(ious) for ious in slots]),
        "authors_iou": Ratio.of(images, [item.authors_iou for item in overlaps]),
    }


def _interaction(images: Sequence[str], found: Sequence[Findings]) -> dict[str, Ratio | None]:
    hands = [item.hands + item.hands_invented for item in found]
    return {
        "hands_found": Ratio.of(images, [item.hands_found for item in found], hands),
        "objects_covered": Ratio.of(images, [item.objects_covered for item in found], [i.objects for i in found]),
    }


def _text(
    images: Sequence[str], predicted: Sequence[str], references: Sequence[str], notes: list[str]
) -> dict[str, Ratio | None]:
    """Return the text metrics, with None and a note where a library or data that one needs is missing."""
    figures: dict[str, Ratio | None] = {}
    for name, metric in (("meteor", text.meteor), ("cider", text.cider)):
        try:
            scores = metric(predicted, references)
            figures[name] = None if scores is None else Ratio.of(images, scores)
        except MissingDependencyError as error:
            figures[name] = None
            notes.append(f"{name}: {error}")
    return figures
