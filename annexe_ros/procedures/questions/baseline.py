"""Answers to multiple-choice questions by one who doesn't see the video: what the questions give away.

``MajorityLetter`` always says one letter, or the last choice where there is no such one. ``TextOnly`` weighs the words
of a choice, those that it shares with the question and its place, as a conditional logit learnt from other questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from annexe_ros.procedures.questions.choices import LETTERS, ChoiceQuestion

FOLDS = 5
MAX_ITERATIONS = 60
PRIOR = 3.0
"""Inverse variance of every weight."""
_WORD = re.compile(r"[a-z0-9]+")
_REPLY = re.compile(r"\(?([A-F])(?:[).:,]|$)")
"""A letter alone or marked as one: "A spoon" begins with a word."""


class Chooser(Protocol):
    """Anything that answers questions with the index of a choice."""

    def choose(self, questions: Sequence[ChoiceQuestion]) -> list[int]:
        """Return the index of the choice for each question."""
        ...


class MajorityLetter:
    """Always says the letter that was right most often."""

    def __init__(self, train: Sequence[ChoiceQuestion]) -> None:
        self._answer = Counter(question.answer for question in train).most_common(1)[0][0]

    def choose(self, questions: Sequence[ChoiceQuestion]) -> list[int]:
        """Return that letter's choice; the last one where there are fewer."""
        return [min(self._answer, len(question.choices) - 1) for question in questions]


class TextOnly:
    """Chooses by the words of question and choices."""

    def __init__(self, train: Sequence[ChoiceQuestion]) -> None:
        names = Counter(name for q in train for at in range(len(q.choices)) for name in set(_effects(q, at)))
        self._column = {name: column for column, name in enumerate(sorted(names, key=repr))}
        self._weights = self._fitted(train)

    def choose(self, questions: Sequence[ChoiceQuestion]) -> list[int]:
        """Return the choice with the highest score of each question."""
        ends = np.cumsum([len(question.choices) for question in questions])
        return [int(scores.argmax()) for scores in np.split(self._design(questions) @ self._weights, ends[:-1])]

    def _design(self, questions: Sequence[ChoiceQuestion]) -> csr_matrix:
        rows, columns = [], []
        places = [(question, at) for question in questions for at in range(len(question.choices))]
        for row, (question, at) in enumerate(places):
            known = [self._column[name] for name in set(_effects(question, at)) if name in self._column]
            rows += [row] * len(known)
            columns += known
        shape = (len(places), len(self._column))
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)

    def _fitted(self, train: Sequence[ChoiceQuestion]) -> NDArray[np.float64]:
        design = self._design(train)
        first = np.cumsum([0, *(len(question.choices) for question in train[:-1])])
        right = first + [question.answer for question in train]
        group = np.repeat(np.arange(len(train)), [len(question.choices) for question in train])

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            scores = design @ weights
            scores -= np.maximum.reduceat(scores, first)[group]
            shares = np.exp(scores)
            totals = np.add.reduceat(shares, first)
            surprise = shares / totals[group]
            surprise[right] -= 1
            value = np.log(totals).sum() - scores[right].sum() + PRIOR * weights @ weights / 2
            return float(value), design.T @ surprise + PRIOR * weights

        start = np.zeros(design.shape[1])
        return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS}).x


def choice_accuracy(questions: Sequence[ChoiceQuestion], answers: Sequence[int | None]) -> float:
    """Return the share of questions answered right; None is an answer that names no choice."""
    return float(np.mean([answer == question.answer for question, answer in zip(questions, answers, strict=True)]))


def cross_validated(
    questions: Sequence[ChoiceQuestion], learn: Callable[[Sequence[ChoiceQuestion]], Chooser]
) -> dict[str, float]:
    """Return ``{accuracy, n}``, every question answered by one who learnt from other videos (five folds by video)."""
    videos = sorted({question.video for question in questions})
    fold = {video: place % FOLDS for place, video in enumerate(videos)}
    answers: dict[int, int] = {}
    for held in range(FOLDS):
        chooser = learn([question for question in questions if fold[question.video] != held])
        asked = [at for at, question in enumerate(questions) if fold[question.video] == held]
        if asked:
            answers |= dict(zip(asked, chooser.choose([questions[at] for at in asked]), strict=True))
    return {"accuracy": choice_accuracy(questions, [answers[at] for at in range(len(questions))]), "n": len(questions)}


def letter_of(reply: str, question: ChoiceQuestion) -> int | None:
    """Return the choice that a model's reply names by its letter ("B", "(B) A spoon") or its text; None for neither."""
    match = _REPLY.match(reply.strip())
    if match and LETTERS.index(match[1]) < len(question.choices):
        return LETTERS.index(match[1])
    folded = [choice.casefold().strip(" .") for choice in question.choices]
    text = reply.casefold().strip(" .\n")
    return folded.index(text) if folded.count(text) == 1 else None


def _effects(question: ChoiceQuestion, at: int) -> Iterator[Hashable]:
    """Yield the names of what speaks for or against a choice."""
    count = len(question.choices)
    words = _WORD.findall(question.choices[at].lower())
    asked = _WORD.findall(question.question.lower())
    others = Counter(word for place in range(count) if place != at for word in _words(question.choices[place]))
    yield "place", count, at
    yield "asked", " ".join(asked[:2]), at
    yield "length", int(np.sign(len(words) - np.median([len(_words(choice)) for choice in question.choices])))
    for word in words:
        yield "word", word
        yield "after", " ".join(asked[:2]), word
        if word in asked:
            yield ("in question",)
        if others[word] == count - 1:
            yield ("in all",)
        elif others[word] > 0:
            yield ("in some",)
    yield "shared", sum(others[word] > 0 for word in words)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
