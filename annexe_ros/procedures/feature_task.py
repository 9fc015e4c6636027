"""The benchmarks whose models look at features, made from a few facts: one verb trains and measures them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from annexe_ros.core.errors import ParameterError
from annexe_ros.procedures.anticipation.from_features import AnticipationTask
from annexe_ros.procedures.anticipation.lists import Target
from annexe_ros.procedures.anticipation.trn import TrnSettings
from annexe_ros.procedures.association.dual_encoder import DualEncoderSettings
from annexe_ros.procedures.association.from_features import AssociationTask
from annexe_ros.procedures.features import FeatureFolder
from annexe_ros.procedures.segmentation.from_features import SegmentationTask
from annexe_ros.procedures.segmentation.mstcn import MsTcnSettings
from annexe_ros.procedures.skill.evaluate import PairSplit
from annexe_ros.procedures.skill.from_features import SkillTask
from annexe_ros.procedures.skill.raan import RaanSettings

Settings = TypeVar("Settings", MsTcnSettings, TrnSettings, RaanSettings, DualEncoderSettings)


class FeatureTask(Protocol):
    """A benchmark with its features; what else training must know is its own."""

    @property
    def name(self) -> str:
        """What trained models are marked with."""

    def learn(self, train: Sequence[Path], test: Sequence[Path]) -> Any:
        """Return a model trained on published files, without what ``test`` asks; raises ``DatasetFormatError``."""

    def measure(self, model: Any, test: Sequence[Path]) -> dict[str, float]:
        """Return the benchmark's figures of a model on published files; raises ``DatasetFormatError``."""

    def load(self, folder: Path) -> Any:
        """Return a trained model that was saved; raises ``ModelNotFoundError``."""


class FeatureBenchmark(StrEnum):
    """The benchmarks that there are."""

    SEGMENTATION = "segmentation"
    SEGMENTATION_CAUSAL = "segmentation-causal"
    ANTICIPATION = "anticipation"
    SKILL = "skill"
    ASSOCIATION = "association"


@dataclass(frozen=True)
class FeatureJob:
    """What the benchmarks need to know.

    Attributes:
        features: folder of feature files of one kind.
        labels: segmentation: folder or archive of frame labels.
        target: anticipation: verbs or nouns.
        learnt: skill: the pair list that is or was learnt from.
        split: skill: which of the test pairs count.
        epochs: 0 for as many as the published baseline takes.
        seed: of weights and order.
        device: where models are, as PyTorch names it.
    """

    features: Path
    labels: Path | None = None
    target: Target = "noun"
    learnt: Path | None = None
    split: PairSplit = PairSplit.PUBLISHED
    epochs: int = 0
    seed: int = 0
    device: str = "cpu"

    def task(self, benchmark: FeatureBenchmark) -> FeatureTask:
        """Return the benchmark; raises ``ParameterError`` or, for the features, ``DatasetFormatError``."""
        match benchmark:
            case FeatureBenchmark.ANTICIPATION:
                settings = self._lasting(TrnSettings())
                return AnticipationTask(self._videos(), self.target, settings, self.device, self.seed)
            case FeatureBenchmark.SKILL:
                return self._skill()
            case FeatureBenchmark.ASSOCIATION:
                return AssociationTask(self._videos(), self._lasting(DualEncoderSettings()), self.device, self.seed)
        return self._segmentation(causal=benchmark is FeatureBenchmark.SEGMENTATION_CAUSAL)

    def _segmentation(self, causal: bool) -> SegmentationTask:
        if self.labels is None:
            raise ParameterError("segmentation needs the frame labels (--labels)")
        settings = self._lasting(MsTcnSettings(causal=causal))
        return SegmentationTask(self._videos(), self.labels, settings, self.device, self.seed)

    def _skill(self) -> SkillTask:
        if self.learnt is None and self.split is PairSplit.CLIP_DISJOINT:
            raise ParameterError("which pairs are clip-disjoint depends on the list that was learnt from (--train)")
        clips = FeatureFolder(self.features, ".npz")
        return SkillTask(clips, self.learnt, self.split, self._lasting(RaanSettings()), self.device, self.seed)

    def _videos(self) -> FeatureFolder:
        return FeatureFolder(self.features)

    def _lasting(self, settings: Settings) -> Settings:
        return replace(settings, epochs=self.epochs or settings.epochs)
