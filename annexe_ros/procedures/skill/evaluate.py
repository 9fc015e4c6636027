"""Measures skill assessment: the share of pairs whose better clip gets the higher score."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.skill.bradley_terry import BradleyTerry
from annexe_ros.procedures.skill.pairs import Pair, clip_disjoint, read_pairs


class Ranker(StrEnum):
    """The rankers that need no features."""

    CLIPS = "bradley-terry"
    SHARED = "bradley-terry-shared"


class PairSplit(StrEnum):
    """Which of the test pairs count."""

    PUBLISHED = "published"
    CLIP_DISJOINT = "clip-disjoint"


def pair_accuracy(better: NDArray | Sequence[float], worse: NDArray | Sequence[float]) -> float:
    """Return the share of pairs with score(better) > score(worse), (N,) each; a tie is wrong."""
    return float(np.mean(np.asarray(better) > np.asarray(worse)))


def evaluate_skill(
    train: Path | str,
    test: Path | str,
    ranker: Ranker = Ranker.SHARED,
    split: PairSplit = PairSplit.PUBLISHED,
) -> dict[str, float]:
    """Return ``{pair_accuracy, n}`` for two pair lists; raises ``DatasetFormatError``."""
    learnt = read_pairs(train)
    asked = asked_pairs(learnt, test, split)
    model = BradleyTerry(learnt, shared=ranker is Ranker.SHARED)
    better, worse = (model.scores([pair[side] for pair in asked]) for side in (0, 1))
    return {"pair_accuracy": pair_accuracy(better, worse), "n": len(asked)}


def asked_pairs(learnt: Sequence[Pair], test: Path | str, split: PairSplit) -> list[Pair]:
    """Return the pairs of a list that count; raises ``DatasetFormatError``, also where none is left."""
    pairs = read_pairs(test)
    if split is PairSplit.CLIP_DISJOINT:
        pairs = clip_disjoint(learnt, pairs)
    if not pairs:
        raise DatasetFormatError(test, "every pair has a clip that the training file has too")
    return pairs
