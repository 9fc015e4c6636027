"""Measures segmentation without features: the step by the time in the video, or the majority label."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.segmentation.baseline import BINS, StepByTime
from annexe_ros.procedures.segmentation.metric import segmentation_scores
from annexe_ros.procedures.segmentation.steps import read_frame_labels, read_split


class Segmenter(StrEnum):
    """The baselines that need no features."""

    STEP_BY_TIME = "step-by-time"
    MAJORITY = "majority"


def evaluate_segmentation(
    train: Path | str, test: Path | str, labels: Path | str, segmenter: Segmenter = Segmenter.STEP_BY_TIME
) -> dict[str, float]:
    """Return ``{acc, edit, f1_10, f1_25, f1_50, n}`` in per cent for two splits; raises ``DatasetFormatError``.

    ``labels`` is the folder or archive of the frame labels of both.
    """
    learnt, asked = disjoint_splits(train, test)
    every = read_frame_labels(labels, learnt + asked)
    bins = BINS if segmenter is Segmenter.STEP_BY_TIME else 1
    baseline = StepByTime([every[uid] for uid in learnt], bins)
    true = [every[uid] for uid in asked]
    return {**segmentation_scores([baseline.predict(len(video)) for video in true], true), "n": len(asked)}


def disjoint_splits(train: Path | str, test: Path | str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the videos to learn from and those to measure on; of the former without the latter.

    Raises ``DatasetFormatError``, also where nothing is left to learn from.
    """
    asked = read_split(test)
    learnt = tuple(uid for uid in read_split(train) if uid not in set(asked))
    if not learnt:
        raise DatasetFormatError(train, "every video of this training file is in the test file too")
    return learnt, asked
