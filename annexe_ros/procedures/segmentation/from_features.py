"""Segmentation from features: MS-TCN trained and measured on published splits.

Features are five a second and labels 25: a model sees every fifth label, and its answers stand for five frames each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.features import RATE_HZ, FeatureFolder
from annexe_ros.procedures.segmentation.evaluate import disjoint_splits
from annexe_ros.procedures.segmentation.metric import segmentation_scores
from annexe_ros.procedures.segmentation.mstcn import MsTcn, MsTcnSettings, Video, train_mstcn
from annexe_ros.procedures.segmentation.steps import read_frame_labels, read_split
from annexe_ros.procedures.weights import load_model

LABEL_RATE_HZ = 25.0
STRIDE = round(LABEL_RATE_HZ / RATE_HZ)


class LabelledVideos:
    """(features (T, D), labels (T,)) at five a second; features are read anew each time, as all may not fit memory."""

    def __init__(self, features: FeatureFolder, labels: dict[str, NDArray[np.int64]]) -> None:
        """Raise ``DatasetFormatError`` where a video has no features."""
        features.require(labels)
        self._features, self._labels = features, list(labels.items())

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, place: int) -> Video:
        uid, labels = self._labels[place]
        return self._features.video(uid), labels[::STRIDE]


@dataclass(frozen=True)
class SegmentationTask:
    """MS-TCN or its causal variant on a folder of CLIP or I3D features, and the frame labels of all videos."""

    features: FeatureFolder
    labels: Path
    settings: MsTcnSettings = field(default_factory=MsTcnSettings)
    device: str = "cpu"
    seed: int = 0
    name: str = "segmentation"

    def learn(self, train: Sequence[Path], test: Sequence[Path]) -> MsTcn:
        """Return a model trained on a split (``.bundle``), without the videos of the test split."""
        learnt, _ = disjoint_splits(train[0], test[0])
        videos = LabelledVideos(self.features, read_frame_labels(self.labels, learnt))
        settings = replace(self.settings, width=videos[0][0].shape[1])
        return train_mstcn(videos, settings, self.seed, self.device)

    def measure(self, model: MsTcn, test: Sequence[Path]) -> dict[str, float]:
        """Return ``{acc, edit, f1_10, f1_25, f1_50, n}`` in per cent, of frames at 25 a second."""
        labels = read_frame_labels(self.labels, read_split(test[0]))
        self.features.require(labels)
        width = model.settings.width
        guesses = [stretched(model.predict(self.features.video(uid, width)), len(true)) for uid, true in labels.items()]
        return {**segmentation_scores(guesses, list(labels.values())), "n": len(labels)}

    def load(self, folder: Path) -> MsTcn:
        """Return a model that was saved."""
        return load_model(folder, self.name, MsTcn, MsTcnSettings).to(self.device)


def stretched(guesses: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return guesses (T5,) at five a second as labels (T,) of 25-fps frames; beyond their end the last one holds."""
    return guesses[np.minimum(np.arange(length) // STRIDE, len(guesses) - 1)]
