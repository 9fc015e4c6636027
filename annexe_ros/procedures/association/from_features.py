"""Association from features: the dual encoder trained on segments of one view or both, measured in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.association.dual_encoder import (
    DualEncoder,
    DualEncoderSettings,
    pooled_segment,
    train_dual_encoder,
)
from annexe_ros.procedures.association.evaluate import questions_of, segments_of
from annexe_ros.procedures.association.metric import association_accuracy
from annexe_ros.procedures.association.questions import AssociationQuestion
from annexe_ros.procedures.association.words import bags, vocabulary, words_of
from annexe_ros.procedures.features import RATE_HZ, FeatureFolder
from annexe_ros.procedures.narrations import Segment
from annexe_ros.procedures.weights import load_model


@dataclass(frozen=True)
class AssociationTask:
    """The dual encoder on a folder of features of both views' videos."""

    features: FeatureFolder
    settings: DualEncoderSettings = field(default_factory=DualEncoderSettings)
    device: str = "cpu"
    seed: int = 0
    name: str = "association"

    def learn(self, train: Sequence[Path], test: Sequence[Path]) -> DualEncoder:
        """Return an encoder trained on tables of segments of either view, without what is asked about.

        Lists may share videos, of which only segments that overlap with a query or a choice are left out.
        """
        listed = _unasked([segment for table in train for segment in segments_of(table)], _clips(questions_of(test)))
        words = vocabulary(listed)
        told = [segment for segment in listed if not set(words).isdisjoint(words_of(segment))]
        if not told:
            raise DatasetFormatError(train[0], "no segment that the test doesn't ask about has words or classes")
        pooled = self._pooled(told)
        videos = np.stack([pooled[segment] for segment in told])
        settings = replace(self.settings, video_width=videos.shape[1], text_width=len(words))
        return train_dual_encoder(videos, bags(told, words), settings, self.seed, self.device)

    def measure(self, model: DualEncoder, test: Sequence[Path]) -> dict[str, float]:
        """Return ``{ego_to_exo, exo_to_ego, mean, n}`` in per cent."""
        questions = questions_of(test)
        pooled = self._pooled(_clips(questions), model.settings.video_width)
        vectors = dict(zip(pooled, model.embed(np.stack(list(pooled.values()))), strict=True))
        return association_accuracy(questions, vectors.__getitem__)

    def load(self, folder: Path) -> DualEncoder:
        """Return an encoder that was saved."""
        return load_model(folder, self.name, DualEncoder, DualEncoderSettings).to(self.device)

    def _pooled(self, segments: Sequence[Segment], width: int | None = None) -> dict[Segment, NDArray[np.float32]]:
        """Return the mean features (D,) of each segment; a video's file is read once."""
        listed = sorted(dict.fromkeys(segments), key=_video_of)
        self.features.require(dict.fromkeys(map(_video_of, listed)))
        found: dict[Segment, NDArray[np.float32]] = {}
        for uid, group in groupby(listed, key=_video_of):
            video = self.features.video(uid, width)
            found |= {each: pooled_segment(video, RATE_HZ, each.start, each.end) for each in group}
        return found


def _clips(questions: Sequence[AssociationQuestion]) -> list[Segment]:
    return [clip for question in questions for clip in (question.query, *question.choices)]


def _unasked(segments: Sequence[Segment], asked: Sequence[Segment]) -> list[Segment]:
    """Return the segments that don't overlap with any that is asked about."""
    by_video: dict[str, set[tuple[float, float]]] = {}
    for clip in asked:
        by_video.setdefault(clip.video, set()).add((clip.start, clip.end))
    return [
        segment
        for segment in segments
        if all(segment.end <= start or end <= segment.start for start, end in by_video.get(segment.video, ()))
    ]


def _video_of(segment: Segment) -> str:
    return segment.video
