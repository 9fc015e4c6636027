"""Asks an engine about a dataset's images and compares the replies. Knows the Interpreter protocol, no engine.

The engine sees the colour image only: depth is what its own estimate is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import DepthEstimator, Frame, GroundedObject, InstanceNamer, Interpretation, Interpreter, Query
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench, Record
from annexe_ros.data.sampling import draw_queries, image_rng
from annexe_ros.evaluation.colours import colours_told
from annexe_ros.evaluation.grounding import Overlap, depth_error, overlap
from annexe_ros.evaluation.interaction import Findings, findings
from annexe_ros.evaluation.naming import named_instances
from annexe_ros.evaluation.report import EvaluationReport, ImageRow, QueryRow

Follow = Callable[[int, int], None]
"""Called with (images done, images in all)."""
Observe = Callable[[Frame, Record, NDArray[np.uint8], Interpretation, QueryRow], None]
"""Called with every query's frame, record, true mask (H, W), reply and row."""


def evaluate(
    interpreter: Interpreter,
    dataset: EgoIrgBench,
    queries_per_image: int = 6,
    seed: int = 0,
    progress: Follow | None = None,
    observe: Observe | None = None,
) -> EvaluationReport:
    """Ask about every image of the dataset and return what came of it.

    Args:
        interpreter: the engine; where it is a ``DepthEstimator`` or an ``InstanceNamer`` too, that is evaluated.
        dataset: images with records.
        queries_per_image: how many questions to draw per image, evenly over single, multi and none.
        seed: of the draw.
        progress: called after every image.
        observe: called after every query.

    Raises ``DatasetFormatError`` for malformed files and whatever the engine raises.
    """
    queries: list[QueryRow] = []
    images: list[ImageRow] = []
    for done, image_id in enumerate(dataset.ids, start=1):
        rows, image = evaluate_image(interpreter, dataset, image_id, queries_per_image, seed, observe)
        queries += rows
        images.append(image)
        if progress:
            progress(done, len(dataset))
    return EvaluationReport(tuple(queries), tuple(images), tuple(_lacks(interpreter)))


def _lacks(interpreter: Interpreter) -> Iterator[str]:
    """Yield a sentence for everything that can't be measured with this engine."""
    if not isinstance(interpreter, InstanceNamer):
        yield f"naming: {interpreter.engine} has no name for every pixel"
    if not isinstance(interpreter, DepthEstimator):
        yield f"depth: {interpreter.engine} estimates none"


def evaluate_image(
    interpreter: Interpreter, dataset: EgoIrgBench, image_id: str, count: int, seed: int, observe: Observe | None
) -> tuple[list[QueryRow], ImageRow]:
    """Ask an image's queries, as ``evaluate`` does for all; the first also for the analysis, which they share."""
    records, mask = dataset.masked_records(image_id)
    frame = Frame(dataset.image(image_id))
    if mask.shape != frame.image.shape[:2]:
        raise DatasetFormatError(dataset.root / "mask" / f"{image_id}.png", "isn't of its image's size")
    rows: list[QueryRow] = []
    analysis = ""
    for record, question in draw_queries(records, count, image_rng(seed, image_id)):
        start = time.perf_counter()
        reply = interpreter.interpret(frame, Query(question, want_analysis=not rows, want_3d=False))
        ms = (time.perf_counter() - start) * 1000
        analysis = analysis or reply.analysis
        rows.append(
            QueryRow(
                image_id=image_id,
                query=question,
                kind=record.kind,
                targets=record.targets,
                reference=record.answer_text,
                answer=reply.answer,
                has_target=reply.has_target,
                target_score=reply.target_score,
                overlap=_compare(record, mask, reply),
                findings=_findings(record, mask, reply),
                ms=ms,
            )
        )
        if observe:
            observe(frame, record, mask, reply, rows[-1])
    names = interpreter.name_instances(frame, mask) if isinstance(interpreter, InstanceNamer) else None
    truth, caption = dataset.truth(image_id), records[0].caption
    named = () if names is None else named_instances(image_id, mask, records, truth, names)
    error = _depth_error(interpreter, frame, dataset, image_id)
    return rows, ImageRow(image_id, caption, analysis, error, named, colours_told(analysis, caption, truth))


def _compare(record: Record, mask: NDArray[np.uint8], reply: Interpretation) -> Overlap:
    """Compare by slot: k-th object of the reply with k-th target."""
    true = [mask == value for value in record.mask_values if value]
    predicted = [reply.mask(target) for target in _judged(record, reply)]
    return overlap(predicted, true, mask.shape)


def _findings(record: Record, mask: NDArray[np.uint8], reply: Interpretation) -> Findings:
    true = [(name, mask == value) for name, value in zip(record.targets, record.mask_values, strict=True) if value]
    return findings([(target.label, reply.mask(target)) for target in _judged(record, reply)], true)


def _judged(record: Record, reply: Interpretation) -> list[GroundedObject]:
    """Return the objects of a reply but for one that stands for a target without mask: nobody knows its pixels.

    That is the last of the target's name, or else what is in its slot. Ego-IRGBench names four and has masks of three.
    """
    objects = list(reply.objects)
    for slot, (name, value) in enumerate(zip(record.targets, record.mask_values, strict=True)):
        if not value:
            places = [place for place, target in enumerate(objects) if target.label == name] or [slot]
            del objects[places[-1] : places[-1] + 1]
    return objects


def _depth_error(interpreter: Interpreter, frame: Frame, dataset: EgoIrgBench, image_id: str) -> float | None:
    if not isinstance(interpreter, DepthEstimator):
        return None
    true = dataset.depth(image_id)
    if true.shape != (frame.height, frame.width):
        raise DatasetFormatError(dataset.root / "depth" / f"{image_id}.png", "isn't of its image's size")
    return depth_error(interpreter.estimate_depth(frame), true)
