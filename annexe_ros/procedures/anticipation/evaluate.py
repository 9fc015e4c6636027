"""Measures anticipation without features: what is common, or what is common after the last action."""

from __future__ import annotations

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
    learnt, asked, classes = disjoint_rows(train, test, target)
    kind = AfterLast if anticipator is Anticipator.AFTER_LAST else Frequency
    scores = kind(learnt, classes).scores(asked)
    return {**top_recalls(scores, [row.labels for row in asked]), "n": len(asked)}


def disjoint_rows(
    train: Path | str, test: Path | str, target: Target
) -> tuple[list[AnticipationRow], list[AnticipationRow], int]:
    """Return rows to learn from, rows to measure on, and the number of classes; no video is in both.

    Raises ``DatasetFormatError``, also where nothing is left to learn from.
    """
    asked, classes = rows_of(test, target)
    tested = {row.video for row in asked}
    learnt = [row for row in rows_of(train, target)[0] if row.video not in tested]
    if not learnt:
        raise DatasetFormatError(train, "every video of this training file is in the test file too")
    return learnt, asked, classes


def rows_of(table: Path | str, target: Target) -> tuple[list[AnticipationRow], int]:
    """Return the rows of a class table and the number of classes, of ``valid_<target>s.txt`` beside it."""
    valid = read_valid_classes(Path(table).parent / f"valid_{target}s.txt")
    return anticipation_rows(read_class_segments(table), valid, target), len(valid)
