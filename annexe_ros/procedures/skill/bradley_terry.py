"""Bradley-Terry on the pairs: P(a better than b) = sigmoid(s(a) - s(b)), without looking at any video.

The plain model has one strength per clip and knows nothing of a clip that training hasn't compared. The shared one adds
strengths of the video (who performs), of the video's action, and of how long and how late in the video the clip is, so
that what is learnt of a performer carries over to other clips.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from annexe_ros.procedures.skill.pairs import Clip, Pair

LENGTH_SCALE = 2.0
START_SCALE = 0.5
"""Prior standard deviations, relative to that of clip, video and the video's action (1)."""
MAX_ITERATIONS = 300

Effect = tuple[Hashable, float]


class BradleyTerry:
    """Strengths of clips, fitted to pairs by maximum posterior likelihood (a Gaussian prior on every effect)."""

    def __init__(self, train: Sequence[Pair], shared: bool = True) -> None:
        self._shared = shared
        names = {name for pair in train for clip in pair for name, _ in self._effects(clip)}
        self._column = {name: column for column, name in enumerate(sorted(names, key=repr))}
        better, worse = (self._design([pair[side] for pair in train]) for side in (0, 1))
        self._strengths = _fit(better - worse)

    def scores(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return the strength (N,) of clips, comparable within an action; unknown effects count 0."""
        return self._design(clips) @ self._strengths

    def _design(self, clips: Sequence[Clip]) -> csr_matrix:
        known = [
            (row, self._column[name], value)
            for row, clip in enumerate(clips)
            for name, value in self._effects(clip)
            if name in self._column
        ]
        rows, columns, values = zip(*known, strict=True) if known else ((), (), ())
        return csr_matrix((values, (rows, columns)), shape=(len(clips), len(self._column)), dtype=np.float64)

    def _effects(self, clip: Clip) -> Iterator[Effect]:
        yield ("clip", clip), 1.0
        if not self._shared:
            return
        length = math.log(clip.frames) - 6
        yield ("video", clip.video), 1.0
        yield ("action in video", clip.video, clip.action), 1.0
        yield ("length", clip.action), LENGTH_SCALE * length
        yield ("length squared", clip.action), LENGTH_SCALE * length**2
        yield ("start", clip.action), START_SCALE * math.log1p(clip.first_frame) / 3


def _fit(differences: csr_matrix) -> NDArray[np.float64]:
    """Return the strengths (E,) that explain the pairs, rows of better minus worse (P, E)."""

    def loss(strengths: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = differences @ strengths
        surprise = np.exp(-np.logaddexp(0, margins))
        value = np.logaddexp(0, -margins).sum() + strengths @ strengths / 2
        return float(value), strengths - differences.T @ surprise

    start = np.zeros(differences.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS}).x
