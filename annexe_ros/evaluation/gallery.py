"""The worst answers of an evaluation, with pictures: what was right beside what was answered."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, GroundedObject, Interpretation, role_of
from annexe_ros.data.ego_irgbench import Record
from annexe_ros.drawing import draw_overlay
from annexe_ros.evaluation.report import QueryRow

_JPEG_QUALITY = 82
_GOOD_IOU = 0.5
"""A right answer whose foreground fits less well than that is a failure too."""


@dataclass(frozen=True)
class Failure:
    """One failed query with two JPEG pictures: the truth and the answer."""

    row: QueryRow
    truth: bytes
    answer: bytes


class Gallery:
    """Keeps the ``limit`` worst of all queries that it is shown (an ``Observe`` of the runner)."""

    def __init__(self, limit: int = 40) -> None:
        self.limit = limit
        self.seen = 0
        self._worst: list[tuple[float, int, Failure]] = []
        self._number = count()

    def __call__(
        self, frame: Frame, record: Record, mask: NDArray[np.uint8], reply: Interpretation, row: QueryRow
    ) -> None:
        """Look at one query."""
        if row.exact and row.indicator_right and row.overlap.iou >= _GOOD_IOU:
            return
        self.seen += 1
        badness = 1 - row.overlap.iou + (not row.exact) + (not row.indicator_right)
        if len(self._worst) < self.limit or badness > self._worst[0][0]:
            right = draw_overlay(frame.image, _truth(record, mask), row.query)
            failure = Failure(row, _jpeg(right), _jpeg(draw_overlay(frame.image, reply, row.query)))
            heapq.heappush(self._worst, (badness, next(self._number), failure))
            if len(self._worst) > self.limit:
                heapq.heappop(self._worst)

    @property
    def failures(self) -> list[Failure]:
        """What was kept, the worst first."""
        return [failure for _, _, failure in sorted(self._worst, key=lambda item: (-item[0], item[1]))]


def _truth(record: Record, mask: NDArray[np.uint8]) -> Interpretation:
    """Return the right answer as an engine would have given it."""
    pairs = zip(record.targets, record.mask_values, strict=True)
    objects = tuple(GroundedObject(name, value, 1.0, role_of(name)) for name, value in pairs)
    shown = np.where(np.isin(mask, record.mask_values), mask, 0).astype(np.uint8)
    score = float(record.has_target)
    return Interpretation(record.caption, record.answer_text, record.has_target, score, objects, shown, "truth", "")


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)[1].tobytes()
