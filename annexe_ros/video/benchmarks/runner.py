"""One runner for all benchmarks: records and a way to their frames in, one flat row of figures out, one table.

``look`` turns a record into frames (T, H, W, 3); where these come from the runner doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.clips.annotation import NEGATIVES
from annexe_ros.video.benchmarks import metrics
from annexe_ros.video.benchmarks.published import PUBLISHED, PublishedRow
from annexe_ros.video.encoder import ClipEncoder, Vectors
from annexe_ros.video.epic import EpicSegment, action_classes
from annexe_ros.video.records import Choice, NarratedClip

Record = TypeVar("Record")
Frames = NDArray[np.uint8]
Look = Callable[[Record], Frames]


def embed_records(encoder: ClipEncoder, records: Iterable[Record], look: Look[Record]) -> Vectors:
    """Return vectors (N, P) of records' clips, one clip in memory at a time."""
    return np.concatenate([encoder.embed_clips([look(record)]) for record in records])


def ego_hoi_bench(encoder: ClipEncoder, clips: Sequence[NarratedClip], look: Look[NarratedClip]) -> dict[str, float]:
    """Return ``hoi_verb``, ``hoi_noun`` and ``hoi_action``; ten negatives of each kind, the last repeated if fewer."""
    captions = encoder.embed_texts([clip.text for clip in clips])
    negatives = [
        np.stack([encoder.embed_texts(padded(getattr(clip, kind))) for clip in clips])
        for kind in ("verb_negatives", "noun_negatives")
    ]
    found = metrics.hoi_accuracy(embed_records(encoder, clips, look), captions, *negatives)
    return {f"hoi_{part}": value for part, value in found.items()}


def padded(captions: Sequence[str]) -> list[str]:
    """Return ten captions, the last one repeated; raises ``ValueError`` for none."""
    if not captions:
        raise ValueError("a clip without negatives can't be scored")
    return [*captions, *[captions[-1]] * NEGATIVES][:NEGATIVES]


def ego_mcq(encoder: ClipEncoder, questions: Sequence[Choice], look: Look[NarratedClip]) -> dict[str, float]:
    """Return ``mcq_intra`` and ``mcq_inter``, of the kinds that occur."""
    queries = encoder.embed_texts([question.query for question in questions])
    clips = [embed_records(encoder, question.clips, look) for question in questions]
    similarity = [video @ query for video, query in zip(clips, queries, strict=True)]
    found = {}
    for name, intra in (("mcq_intra", True), ("mcq_inter", False)):
        asked = [k for k, question in enumerate(questions) if question.intra is intra]
        if asked:
            answers = [questions[k].answer for k in asked]
            found[name] = metrics.choice_accuracy(np.stack([similarity[k] for k in asked]), answers)
    return found


def epic_retrieval(
    encoder: ClipEncoder, segments: Sequence[EpicSegment], texts: Sequence[EpicSegment], video: Vectors
) -> dict[str, float]:
    """Return ``mir_map``, ``mir_strict_map`` and ``mir_ndcg``, means of both ways, and each way's.

    ``video`` holds the segments' vectors (N, P); ``texts`` are those whose narrations are to be found. Relevancy
    follows from the classes.
    """
    similarity = video @ encoder.embed_texts([text.narration for text in texts]).T
    verbs, nouns = ([_classes(items, kind) for items in (segments, texts)] for kind in ("verb_class", "noun_classes"))
    found = metrics.retrieval(similarity, metrics.class_relevancy(verbs[0], nouns[0], verbs[1], nouns[1]))
    return {f"mir_{name}": value for name, value in found.items()}


def _classes(segments: Sequence[EpicSegment], kind: str) -> list[tuple[int, ...]]:
    values = [getattr(segment, kind) for segment in segments]
    return [value if isinstance(value, tuple) else (value,) for value in values]


def epic_classes(
    encoder: ClipEncoder, segments: Sequence[EpicSegment], known: Sequence[EpicSegment], video: Vectors
) -> dict[str, float]:
    """Return ``cls_top1`` and ``cls_top5`` over the action classes of ``known`` (training and validation).

    ``video`` holds the segments' vectors (N, P). Raises ``ValueError`` for a segment of another class.
    """
    classes = action_classes(known)
    names = list(classes)
    vectors = metrics.class_vectors([encoder.embed_texts(narrations) for narrations in classes.values()])
    similarity = video @ vectors.T
    labels = [names.index(segment.action) for segment in segments]
    return {f"cls_top{k}": metrics.top_k(similarity, labels, k) for k in (1, 5)}


def egtea(
    encoder: ClipEncoder, clips: Sequence[tuple[str, int]], labels: Sequence[str], look: Look[str]
) -> dict[str, float]:
    """Return ``egtea_top1`` and ``egtea_mean`` (per class that occurs) of clips (name, action)."""
    similarity = embed_records(encoder, [name for name, _ in clips], look) @ encoder.embed_texts(labels).T
    classes = [action for _, action in clips]
    mean = metrics.mean_per_class(similarity, classes)
    return {"egtea_top1": metrics.top_k(similarity, classes, 1), "egtea_mean": mean}


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return ours (fractions by name of the encoder) and the published rows as one Markdown table in percent."""
    names = [field.name for field in fields(PublishedRow) if field.name != "system"]
    lines = ["| system | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for system, figures in rows.items():
        ours = {name: 100 * figures[name] for name in names if name in figures}
        lines.append(_line(f"{system} (ours)", [ours.get(name) for name in names]))
    lines += [_line(f"{row.system} (theirs)", [getattr(row, name) for name in names]) for row in PUBLISHED]
    return "\n".join(lines) + "\n"


def _line(system: str, values: Sequence[float | None]) -> str:
    return f"| {system} | " + " | ".join("" if value is None else f"{value:.2f}" for value in values) + " |"
