"""Anticipation from features: the relation network trained and measured on published class tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.anticipation.evaluate import learnt_rows, rows_of
from annexe_ros.procedures.anticipation.lists import AnticipationRow, Target
from annexe_ros.procedures.anticipation.metric import top_recalls
from annexe_ros.procedures.anticipation.trn import RelationNetwork, TrnSettings, context_features, train_trn
from annexe_ros.procedures.features import RATE_HZ, FeatureFolder
from annexe_ros.procedures.weights import load_model


@dataclass(frozen=True)
class AnticipationTask:
    """The relation network on a folder of CLIP (or I3D) features, for verbs or for nouns."""

    features: FeatureFolder
    target: Target = "noun"
    settings: TrnSettings = field(default_factory=TrnSettings)
    device: str = "cpu"
    seed: int = 0

    @property
    def name(self) -> str:
        """Name of the task, as trained models are marked."""
        return f"anticipation of {self.target}s"

    def learn(self, train: Sequence[Path], test: Sequence[Path]) -> RelationNetwork:
        """Return a network trained on a class table, without the segments of the test table."""
        asked, classes = rows_of(test[0], self.target)
        rows = learnt_rows(train[0], asked, self.target)
        contexts, kept = self._contexts(rows, train[0])
        settings = replace(self.settings, classes=classes, width=contexts.shape[2])
        return train_trn(contexts, [row.labels for row in kept], settings, self.seed, self.device)

    def measure(self, model: RelationNetwork, test: Sequence[Path]) -> dict[str, float]:
        """Return ``{class_mean, micro, sample, n, left_out}``: rows whose context isn't in the video don't count."""
        rows, classes = rows_of(test[0], self.target)
        if classes != model.settings.classes:
            raise DatasetFormatError(test[0], f"has {classes} classes beside it, the model {model.settings.classes}")
        contexts, kept = self._contexts(rows, test[0], model.settings.width)
        figures = top_recalls(model.scores(contexts), [row.labels for row in kept])
        return {**figures, "n": len(kept), "left_out": len(rows) - len(kept)}

    def load(self, folder: Path) -> RelationNetwork:
        """Return a network that was saved."""
        return load_model(folder, self.name, RelationNetwork, TrnSettings).to(self.device)

    def _contexts(
        self, rows: Sequence[AnticipationRow], table: Path, width: int | None = None
    ) -> tuple[NDArray[np.float32], list[AnticipationRow]]:
        """Return contexts (N, 5, D) and their rows, ordered by video; rows without a whole context are left out."""
        self.features.require(dict.fromkeys(row.video for row in rows))
        found: list[tuple[NDArray[np.float32], AnticipationRow]] = []
        for uid, listed in groupby(sorted(rows, key=_video_of), key=_video_of):
            video = self.features.video(uid, width)
            seen = ((context_features(video, RATE_HZ, row), row) for row in listed)
            found += [(context, row) for context, row in seen if context is not None]
        if not found:
            raise DatasetFormatError(table, "no row has a context within its video's features")
        contexts, kept = zip(*found, strict=True)
        return np.stack(contexts), list(kept)


def _video_of(row: AnticipationRow) -> str:
    return row.video
