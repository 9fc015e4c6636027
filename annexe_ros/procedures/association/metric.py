"""Accuracy of cross-view association: how often the right choice has the highest cosine similarity to the query."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.association.questions import AssociationQuestion, Direction
from annexe_ros.procedures.narrations import Segment

Embed = Callable[[Segment], NDArray]
_NAMES = {Direction.EGO_TO_EXO: "ego_to_exo", Direction.EXO_TO_EGO: "exo_to_ego"}


def association_accuracy(questions: Sequence[AssociationQuestion], embed: Embed) -> dict[str, float]:
    """Return ``{ego_to_exo, exo_to_ego, mean, n}`` in per cent for embeddings (D,) of any length; a tie is wrong.

    Embeddings are normalised here: the authors compare them as they are, so that long ones win. A direction without
    questions is left out.
    """
    right: dict[Direction, list[bool]] = {}
    for question in questions:
        right.setdefault(question.direction, []).append(_is_right(question, embed))
    shares = {_NAMES[way]: 100.0 * float(np.mean(right[way])) for way in Direction if way in right}
    return {**shares, "mean": float(np.mean(list(shares.values()))), "n": len(questions)}


def _is_right(question: AssociationQuestion, embed: Embed) -> bool:
    query = _unit(embed(question.query))
    similar = np.array([_unit(embed(choice)) @ query for choice in question.choices])
    others = np.delete(similar, question.answer)
    return bool((similar[question.answer] > others).all())


def _unit(vector: NDArray) -> NDArray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
