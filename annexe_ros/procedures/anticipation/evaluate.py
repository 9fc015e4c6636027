"""Measures anticipation without features: what is common, or what is common after the last action.

The published tables split segments, not videos: nearly every video of a test table is in its training table too.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.anticipation.baseline import AfterLast, Frequency
from annexe_ros.procedures.anticipation.lists import AnticipationRow, Target, anticipation_rows, read_valid_classes
from annexe_ros.procedures.anticipation.metric import top_recalls
from annexe_ros.procedures.narrations import read_class_segments


class Anticipator(StrEnum):
    """The baselines that need no features."""

    AFTER_LAST = "after-last"
    FREQUENCY = "frequency"


def evaluate_anticipation(
    train: Path | str, test: Path | str, target: Target = "noun", anticipator: Anticipator = Anticipator.AFTER_LAST
) -> dict[str, float]:
    """Return ``{class_mean, micro, sample, n}`` in per cent for two class tables; raises ``DatasetFormatError``."""
    asked, classes = rows_of(test, target)
    learnt = learnt_rows(train, asked, target)
    kind = AfterLast if anticipator is Anticipator.AFTER_LAST else Frequency
    scores = kind(learnt, classes).scores(asked)
    return {**top_recalls(scores, [row.labels for row in asked]), "n": len(asked)}


def learnt_rows(train: Path | str, asked: Sequence[AnticipationRow], target: Target) -> list[AnticipationRow]:
    """Return the rows of a training table without those that are asked about.

    Raises ``DatasetFormatError``, also where nothing is left to learn from.
    """
    tested = {(row.video, row.start, row.end) for row in asked}
    learnt = [row for row in rows_of(train, target)[0] if (row.video, row.start, row.end) not in tested]
    if not learnt:
        raise DatasetFormatError(train, "every segment of this training file is in the test file too")
    return learnt


def rows_of(table: Path | str, target: Target) -> tuple[list[AnticipationRow], int]:
    """Return the rows of a class table, at least one, and the number of classes, of ``valid_<target>s.txt`` beside it.

    Raises ``DatasetFormatError``.
    """
    classes = Path(table).parent / f"valid_{target}s.txt"
    valid = read_valid_classes(classes)
    rows = anticipation_rows(read_class_segments(table), valid, target)
    if not rows:
        raise DatasetFormatError(table, f"no segment has a {target} of {classes.name}")
    return rows, len(valid)
