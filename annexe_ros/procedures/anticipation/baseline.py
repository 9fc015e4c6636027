"""Anticipation without features: what is common, and what is common after the last action that was over by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from annexe_ros.procedures.anticipation.lists import GAP_S, AnticipationRow

SMOOTHING = 20.0
"""Rows that the overall frequencies count as, beside those that followed the same label."""


class Frequency:
    """Scores every class by its frequency in training, whatever the row."""

    def __init__(self, train: Sequence[AnticipationRow], classes: int) -> None:
        counts = np.bincount([label for row in train for label in row.labels], minlength=classes)
        self.shares = counts / counts.sum()

    def scores(self, rows: Sequence[AnticipationRow]) -> NDArray[np.float64]:
        """Return scores (N, C)."""
        return np.tile(self.shares, (len(rows), 1))


class AfterLast:
    """Scores classes by how often they followed the labels of the last action that had ended a second before.

    That action's labels are taken as published: an upper bound of what recognising it would give.
    """

    def __init__(self, train: Sequence[AnticipationRow], classes: int) -> None:
        shares = Frequency(train, classes).shares
        self._train = train
        counts = np.zeros((classes, classes))
        for row, last in zip(train, last_actions(train, train), strict=True):
            for label in last:
                np.add.at(counts[label], list(row.labels), 1)
        counts += SMOOTHING * shares
        self._after = np.log(counts / counts.sum(axis=1, keepdims=True) + 1e-9) - np.log(shares + 1e-9)
        self._prior = np.log(shares + 1e-9)

    def scores(self, rows: Sequence[AnticipationRow]) -> NDArray[np.float64]:
        """Return scores (N, C); of other rows, learnt or not, only those before it in its video count."""
        return np.array([self._score(last) for last in last_actions(rows, [*self._train, *rows])])

    def _score(self, last: Sequence[int]) -> NDArray[np.float64]:
        if not last:
            return self._prior
        return self._prior + self._after[list(last)].mean(axis=0)


def last_actions(rows: Sequence[AnticipationRow], known: Sequence[AnticipationRow]) -> list[tuple[int, ...]]:
    """Return for each row the labels of the last known one of its video that had ended a second before; () for none."""
    by_video: dict[str, list[AnticipationRow]] = {}
    for row in known:
        by_video.setdefault(row.video, []).append(row)
    ordered = {video: sorted(listed, key=lambda row: row.end) for video, listed in by_video.items()}
    ends = {video: np.array([row.end for row in listed]) for video, listed in ordered.items()}
    return [_last(row, ordered, ends) for row in rows]


def _last(
    row: AnticipationRow, ordered: Mapping[str, list[AnticipationRow]], ends: Mapping[str, NDArray]
) -> tuple[int, ...]:
    place = int(np.searchsorted(ends.get(row.video, np.zeros(0)), row.start - GAP_S, side="right"))
    return ordered[row.video][place - 1].labels if place else ()
