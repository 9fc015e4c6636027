"""Measures label-only planning: 1 - AUED with five seeded samples per row."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np

from annexe_ros.procedures.planning.choice import Representative
from annexe_ros.procedures.planning.metric import aued
from annexe_ros.procedures.planning.predictors import Bigram, Predictor, Recall, Unigram
from annexe_ros.procedures.planning.regression import Regression
from annexe_ros.procedures.planning.rows import Example, examples, read_plan_rows, training_examples

SAMPLES = 5
BLEND_SHARES = (0.65, 0.35)
"""Draws of the regression and of the recall; chosen on a fifth of the training videos, which was left out."""


class Planner(StrEnum):
    """The label-only predictors; ``-plain`` hands over five draws as they come."""

    UNIGRAM = "unigram"
    BIGRAM = "bigram"
    RECALL_PLAIN = "recall-plain"
    RECALL = "recall"
    REGRESSION_PLAIN = "regression-plain"
    REGRESSION = "regression"
    BLEND = "blend"

    def learn(self, train: Sequence[Example]) -> Predictor:
        """Return the predictor, learnt from these examples."""
        match self:
            case Planner.UNIGRAM:
                return Unigram(train)
            case Planner.BIGRAM:
                return Bigram(train)
            case Planner.BLEND:
                return Representative([Regression(train), Recall(train)], BLEND_SHARES)
        plain = Recall(train) if self in (Planner.RECALL, Planner.RECALL_PLAIN) else Regression(train)
        return plain if self.endswith("-plain") else Representative([plain])


def evaluate_planning(
    train: Path | str,
    test: Path | str,
    planner: Planner = Planner.BLEND,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Return ``{one_minus_aued, n}`` for two planning lists; ``progress`` is called with (done, rows).

    A row's dice depend on the seed and on what the predictor is told alone. Raises ``DatasetFormatError``.
    """
    rows = read_plan_rows(test)
    predictor = planner.learn(training_examples(read_plan_rows(train), rows, train))
    asked = examples(rows)
    samples = []
    for done, example in enumerate(asked, start=1):
        rng = np.random.default_rng([seed, zlib.crc32(repr(example.observed).encode())])
        samples.append(predictor.sample(example.observed, SAMPLES, rng))
        if progress is not None:
            progress(done, len(asked))
    futures = np.array([example.future for example in asked])
    return {"one_minus_aued": 1 - aued(np.stack(samples), futures), "n": len(asked)}
