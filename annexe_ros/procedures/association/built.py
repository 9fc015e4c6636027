"""Association questions built from the class tables: for where the published ones can't be had.

A segment of one view asks for the segment of the other view in which the same verbs are done to the same nouns, among
others of the same scene of which none has just these classes. That isn't the published benchmark: its questions were
chosen by people, and its figures can't be compared with these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annexe_ros.procedures.association.questions import AssociationQuestion, Direction
from annexe_ros.procedures.narrations import Segment

CHOICES = 20

Classes = tuple[frozenset[int], frozenset[int]]


def build_questions(ego: Sequence[Segment], exo: Sequence[Segment], seed: int = 0) -> list[AssociationQuestion]:
    """Return a question of twenty choices for each segment that has a counterpart in the other view, both ways.

    Segments without a verb or without a noun neither ask nor answer.
    """
    views = [[segment for segment in view if segment.verbs and segment.nouns] for view in (ego, exo)]
    rng = np.random.default_rng(seed)
    there = _Asker(views[1], Direction.EGO_TO_EXO, rng)
    back = _Asker(views[0], Direction.EXO_TO_EGO, rng)
    asked = [there.ask(segment) for segment in views[0]] + [back.ask(segment) for segment in views[1]]
    return [question for question in asked if question is not None]


class _Asker:
    """Asks about one view's segments."""

    def __init__(self, answers: Sequence[Segment], direction: Direction, rng: np.random.Generator) -> None:
        self._direction, self._rng = direction, rng
        self._scenes: dict[str, list[Segment]] = {}
        self._alike: dict[tuple[str, Classes], list[Segment]] = {}
        for segment in answers:
            self._scenes.setdefault(segment.scene, []).append(segment)
            self._alike.setdefault((segment.scene, _classes(segment)), []).append(segment)

    def ask(self, query: Segment) -> AssociationQuestion | None:
        """Return the question; None where nothing fits, or too much does."""
        scene = self._scenes.get(query.scene, [])
        right = self._alike.get((query.scene, _classes(query)), [])
        if not right or len(scene) - len(right) < CHOICES - 1:
            return None
        # So many that enough are left when all that fit are among them.
        drawn = self._rng.choice(len(scene), CHOICES - 1 + len(right), replace=False)
        wrong = [scene[at] for at in drawn if _classes(scene[at]) != _classes(query)][: CHOICES - 1]
        answer = int(self._rng.integers(CHOICES))
        wrong.insert(answer, right[self._rng.integers(len(right))])
        return AssociationQuestion(query, tuple(wrong), answer, self._direction)


def _classes(segment: Segment) -> Classes:
    return frozenset(segment.verbs), frozenset(segment.nouns)
