"""Measures answers to multiple-choice questions without the video: the letter that is most common, and the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.questions.baseline import (
    MajorityLetter,
    TextOnly,
    choice_accuracy,
    cross_validated,
)
from annexe_ros.procedures.questions.choices import ChoiceQuestion, read_choice_questions


class Answerer(StrEnum):
    """The baselines that see no video."""

    TEXT_ONLY = "text-only"
    MAJORITY_LETTER = "majority-letter"


def evaluate_questions(
    train: Path | str, test: Path | str, answerer: Answerer = Answerer.TEXT_ONLY
) -> dict[str, float]:
    """Return ``{accuracy, n}`` for a file to learn from and one to answer; raises ``DatasetFormatError``.

    The published questions are one file: named as both it is answered in five folds by video. Otherwise nothing is
    learnt from videos that are asked about.
    """
    learn = TextOnly if answerer is Answerer.TEXT_ONLY else MajorityLetter
    asked = read_choice_questions(test)
    if Path(train).resolve() == Path(test).resolve():
        return cross_validated(asked, learn)
    videos = {question.video for question in asked}
    learnt = [question for question in read_choice_questions(train) if question.video not in videos]
    if not learnt:
        raise DatasetFormatError(train, "every video of this training file is in the test file too")
    return {"accuracy": choice_accuracy(asked, learn(learnt).choose(asked)), "n": len(asked)}


def answered_figures(
    path: Path | str, choose: Callable[[Sequence[ChoiceQuestion]], Sequence[int | None]], limit: int = 0
) -> dict[str, float]:
    """Return ``{accuracy, n, unreadable}`` of one who learns nothing, on the first ``limit`` questions (0: all).

    ``unreadable`` counts replies that named no choice; they are wrong.
    """
    asked = read_choice_questions(path)[: limit or None]
    answers = choose(asked)
    return {"accuracy": choice_accuracy(asked, answers), "n": len(asked), "unreadable": list(answers).count(None)}
