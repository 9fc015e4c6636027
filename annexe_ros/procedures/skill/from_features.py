"""Skill assessment from features: RAAN trained and measured on published pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from annexe_ros.procedures.features import FeatureFolder
from annexe_ros.procedures.skill.evaluate import PairSplit, asked_pairs, pair_accuracy
from annexe_ros.procedures.skill.pairs import Clip, Pair, read_pairs
from annexe_ros.procedures.skill.raan import Raan, RaanSettings, train_raan
from annexe_ros.procedures.weights import load_model


@dataclass(frozen=True)
class SkillTask:
    """RAAN on a folder of features of clips (``.npz``), measured on the published or the clip-disjoint split.

    ``learnt`` is the pair list that was learnt from, None where the split doesn't ask for it.
    """

    features: FeatureFolder
    learnt: Path | None = None
    split: PairSplit = PairSplit.PUBLISHED
    settings: RaanSettings = field(default_factory=RaanSettings)
    device: str = "cpu"
    seed: int = 0
    name: str = "skill"

    def learn(self, train: Sequence[Path], test: Sequence[Path]) -> Raan:
        """Return a network trained on a pair list; the published split shares clips between its lists."""
        pairs = read_pairs(train[0])
        place = _places(pairs)
        clips = self.features.clips(clip.name for clip in place)
        settings = replace(self.settings, width=clips.shape[2])
        return train_raan(clips, [(place[a], place[b]) for a, b in pairs], settings, self.seed, self.device)

    def measure(self, model: Raan, test: Sequence[Path]) -> dict[str, float]:
        """Return ``{pair_accuracy, n}``."""
        learnt = read_pairs(self.learnt) if self.learnt else []
        pairs = asked_pairs(learnt, test[0], self.split)
        place = _places(pairs)
        scores = model.scores(self.features.clips((clip.name for clip in place), model.settings.width))
        better, worse = (scores[[place[pair[side]] for pair in pairs]] for side in (0, 1))
        return {"pair_accuracy": pair_accuracy(better, worse), "n": len(pairs)}

    def load(self, folder: Path) -> Raan:
        """Return a network that was saved."""
        return load_model(folder, self.name, Raan, RaanSettings).to(self.device)


def _places(pairs: Sequence[Pair]) -> dict[Clip, int]:
    """Return each clip's place among the clips of the pairs, in the order in which they come."""
    return {clip: place for place, clip in enumerate(dict.fromkeys(clip for pair in pairs for clip in pair))}
