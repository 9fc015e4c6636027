"""Evaluates replies that were given before, as ``annexe annotate`` keeps them, by the figures that engines get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from annexe_ros.core import Frame, Interpretation, Progress, Query
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.annotation.parts import Annotated
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.evaluation.report import EvaluationReport, ImageRow, QueryRow
from annexe_ros.evaluation.runner import evaluate_image

DEPTH_NOTE = "depth: replies that were kept have none"


class StoredReplies:
    """An ``Interpreter`` that says again what was said about one frame."""

    engine = "stored"

    def __init__(self, item: Annotated) -> None:
        self._id = item.id
        self._replies: Mapping[str, Interpretation] = dict(zip(item.queries, item.replies, strict=True))

    @property
    def model(self) -> str:
        """The frame's name."""
        return self._id

    def warm_up(self) -> None:
        """Nothing to do."""

    def interpret(self, frame: Frame, query: Query, progress: Progress | None = None) -> Interpretation:
        """Return the reply; raises ``DatasetFormatError`` for a query that wasn't asked or a frame of another size."""
        reply = self._replies.get(query.text)
        if reply is None:
            raise DatasetFormatError(self._id, f"was not asked '{query.text}'")
        if reply.label_image.shape != (frame.height, frame.width):
            raise DatasetFormatError(self._id, "was annotated in another size than its labels have")
        return reply if query.want_analysis else replace(reply, analysis="")

    def close(self) -> None:
        """Nothing to give back."""


def evaluate_stored(
    items: Iterable[Annotated], labels: EgoIrgBench, queries_per_image: int = 6, seed: int = 0
) -> EvaluationReport:
    """Compare replies with the labels of the frames of the same names; ``seed`` is that with which they were asked.

    Raises ``DatasetFormatError`` for malformed labels and for frames that were annotated otherwise.
    """
    queries: list[QueryRow] = []
    images: list[ImageRow] = []
    for item in items:
        rows, image = evaluate_image(StoredReplies(item), labels, item.id, queries_per_image, seed, None)
        queries += [replace(row, ms=_working_ms(item, row.query)) for row in rows]
        images.append(image)
    return EvaluationReport(tuple(queries), tuple(images), (DEPTH_NOTE,))


def _working_ms(item: Annotated, query: str) -> float:
    """Return the time that the engine took when it was asked [ms]."""
    reply = item.replies[item.queries.index(Query(query).text)]
    return sum(latency.ms for latency in reply.latencies)
