"""Gives objects numbers that stay the same from frame to frame, by how much their masks overlap.

The association of SORT (Bewley et al. 2016) with masks in place of boxes and without its motion model: the assignment
(Hungarian method) with the largest sum of mask IoU, among pairs that pass a gate. Queries on successive frames ask for
different things, so a track ends by age and not by misses. Nothing is known here of what an object looks like: one that
leaves its place faster than it is asked for gets a new number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from annexe_ros.core.interpretation import GroundedObject, Interpretation, Role, bounding_box

SAME_LABEL_IOU = 0.1
"""Least IoU of a track and an object of the same label. It is low, since a head camera moves the whole image."""

OTHER_LABEL_IOU = 0.5
"""Least IoU where the label differs: the same pixels under another name are the same object, named better or worse."""

MAX_AGE_S = 5.0

JUMP_BACK_NS = 500_000_000
"""Answers may come a little out of order; a stamp that is further back than this means that the clock jumped."""


@dataclass(frozen=True, eq=False)
class _Track:
    """One object as it was last seen: its mask inside ``window`` of the image, and when that was."""

    number: int
    role: Role
    label: str
    window: tuple[slice, slice]
    mask: NDArray[np.bool_]
    stamp_ns: int

    @classmethod
    def seen(cls, number: int, target: GroundedObject, reply: Interpretation, stamp_ns: int) -> _Track:
        mask = reply.mask(target)
        x, y, width, height = bounding_box(mask)
        window = slice(y, y + height), slice(x, x + width)
        return cls(number, target.role, target.label, window, mask[window].copy(), stamp_ns)

    def gate(self, target: GroundedObject) -> float:
        """Return the least IoU at which an object continues this track; infinite where it never does."""
        if target.role is not self.role:
            return np.inf
        return SAME_LABEL_IOU if target.label == self.label else OTHER_LABEL_IOU

    def overlaps(self, label_image: NDArray[np.uint8], areas: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the IoU (256,) with the mask of each value of a label image whose values have ``areas`` (256,)."""
        common = np.bincount(label_image[self.window][self.mask], minlength=len(areas))
        return common / (self.mask.sum() + areas - common)


class Tracker:
    """Numbers the objects of one camera: 1, 2, ..., never used twice. Not thread-safe."""

    def __init__(self, max_age_s: float = MAX_AGE_S) -> None:
        """Forget tracks that weren't seen for ``max_age_s`` by the frames' stamps."""
        self._max_age_ns = round(max_age_s * 1e9)
        self._last_number = 0
        self._newest_ns = 0
        self._image_shape: tuple[int, ...] = ()
        self._tracks: list[_Track] = []

    def update(self, reply: Interpretation, stamp_ns: int) -> Interpretation:
        """Return the reply with the ``track_id`` of every object that has pixels; the others keep 0.

        Tracks begin anew when the stamp [ns] jumps back or the image has another size than before.
        """
        self._forget(reply.label_image.shape, stamp_ns)
        areas = np.bincount(reply.label_image.ravel(), minlength=256)
        seen = [target for target in reply.objects if target.mask_value and areas[target.mask_value]]
        known = self._associate(seen, reply.label_image, areas)
        numbers = {target.mask_value: known.get(target.mask_value) or self._next_number() for target in seen}
        current = [_Track.seen(numbers[target.mask_value], target, reply, stamp_ns) for target in seen]
        self._tracks = [track for track in self._tracks if track.number not in numbers.values()] + current
        objects = (replace(target, track_id=numbers.get(target.mask_value, 0)) for target in reply.objects)
        return replace(reply, objects=tuple(objects))

    def _forget(self, image_shape: tuple[int, ...], stamp_ns: int) -> None:
        """Drop the tracks that don't belong to this frame's recent past."""
        if image_shape != self._image_shape or stamp_ns < self._newest_ns - JUMP_BACK_NS:
            self._tracks = []
            self._newest_ns = stamp_ns
        self._image_shape = image_shape
        self._newest_ns = max(stamp_ns, self._newest_ns)
        self._tracks = [track for track in self._tracks if self._newest_ns - track.stamp_ns <= self._max_age_ns]

    def _associate(
        self, seen: list[GroundedObject], label_image: NDArray[np.uint8], areas: NDArray[np.intp]
    ) -> dict[int, int]:
        """Return the number of the track that an object continues, by mask value."""
        values = [target.mask_value for target in seen]
        gates = np.array([[track.gate(target) for target in seen] for track in self._tracks])
        overlaps = np.array([track.overlaps(label_image, areas)[values] for track in self._tracks])
        if not overlaps.size:
            return {}
        allowed = np.where(overlaps >= gates, overlaps, 0.0)
        pairs = zip(*linear_sum_assignment(allowed, maximize=True), strict=True)
        return {values[column]: self._tracks[row].number for row, column in pairs if allowed[row, column]}

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number
