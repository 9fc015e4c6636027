"""Gives objects numbers that stay the same from frame to frame, by how much their masks overlap.

The association of SORT (Bewley et al. 2016) with masks in place of boxes and without its motion model: the assignment
(Hungarian method) with the largest sum of IoU, among pairs that pass a gate. Where frames are far apart a head camera
has moved on; then boxes count that are grown on every side, as in C-BIoU (Yang et al. 2023). Queries on successive
frames ask for different things, so a track ends by age and not by misses. Nothing is known here of what an object looks
like: two of a kind that change places change numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from annexe_ros.core.interpretation import Interpretation, Role, Window

SAME_LABEL_IOU = 0.1
"""Least IoU of masks of the same label. It is low, since a head camera moves the whole image."""

OTHER_LABEL_IOU = 0.5
"""Least IoU where the label differs: the same pixels under another name are the same object, named better or worse."""

BOX_IOU = 0.3
BOX_GROWTH = 0.5
BOX_AGE_S = 0.5
"""Least IoU of boxes of the same label, grown by this share of their size on each side, when so much time has gone.

So an object may move by its own size, and its neighbour of the same kind isn't taken for it.
"""

MAX_AGE_S = 5.0

JUMP_BACK_NS = 500_000_000
"""Answers may come a little out of order; a stamp that is further back than this means that the clock jumped."""


class Tracker:
    """Numbers the objects of one camera: 1, 2, ..., never used twice. Not thread-safe."""

    def __init__(self, max_age_s: float = MAX_AGE_S) -> None:
        """Forget tracks that weren't seen for ``max_age_s`` by the frames' stamps."""
        self._max_age_ns = round(max_age_s * 1e9)
        self._last_number = 0
        self._newest_ns = 0
        self._image_shape: tuple[int, ...] = ()
        self._tracks: dict[int, _Sighting] = {}

    def update(self, reply: Interpretation, stamp_ns: int) -> Interpretation:
        """Return the reply with the ``track_id`` of every object that has pixels; the others keep 0.

        Tracks begin anew when the stamp [ns] jumps back or the image has another size than before.
        """
        self._forget(reply.label_image.shape, stamp_ns)
        seen = dict(_sightings(reply, stamp_ns))
        continued = _associate(self._tracks, seen)
        numbers = {value: continued.get(value) or self._next_number() for value in seen}
        self._tracks |= {numbers[value]: sighting for value, sighting in seen.items()}
        objects = (replace(target, track_id=numbers.get(target.mask_value, 0)) for target in reply.objects)
        return replace(reply, objects=tuple(objects))

    def _forget(self, image_shape: tuple[int, ...], stamp_ns: int) -> None:
        """Drop the tracks that don't belong to this frame's recent past."""
        if image_shape != self._image_shape or stamp_ns < self._newest_ns - JUMP_BACK_NS:
            self._tracks, self._image_shape, self._newest_ns = {}, image_shape, stamp_ns
        self._newest_ns = max(stamp_ns, self._newest_ns)
        oldest_ns = self._newest_ns - self._max_age_ns
        self._tracks = {number: last for number, last in self._tracks.items() if last.stamp_ns >= oldest_ns}

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number


@dataclass(frozen=True, eq=False)
class _Sighting:
    """One object in one frame: its mask inside ``window`` of the image."""

    role: Role
    label: str
    stamp_ns: int
    window: Window
    mask: NDArray[np.bool_]

    @cached_property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def likeness(self, later: _Sighting) -> float:
        """Return how well another sighting continues this one: 0 where it can't, above 1 where the masks say so."""
        if self.role is not later.role:
            return 0.0
        same_label = self.label == later.label
        overlap = self._mask_iou(later)
        if overlap >= (SAME_LABEL_IOU if same_label else OTHER_LABEL_IOU):
            return 1 + overlap
        if not same_label or later.stamp_ns - self.stamp_ns < BOX_AGE_S * 1e9:
            return 0.0
        overlap = self._grown_box_iou(later)
        return overlap if overlap >= BOX_IOU else 0.0

    def _mask_iou(self, other: _Sighting) -> float:
        shared = tuple(
            slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(self.window, other.window, strict=True)
        )
        if any(side.start >= side.stop for side in shared):
            return 0.0
        common = np.count_nonzero(self._part(*shared) & other._part(*shared))
        return float(common / (self.area + other.area - common))

    def _part(self, rows: slice, columns: slice) -> NDArray[np.bool_]:
        top, left = self.window[0].start, self.window[1].start
        return self.mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]

    def _grown_box_iou(self, other: _Sighting) -> float:
        (low, high), (other_low, other_high) = self._grown_box(), other._grown_box()
        common = np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None).prod()
        return float(common / ((high - low).prod() + (other_high - other_low).prod() - common))

    def _grown_box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        low, high = np.array([(side.start, side.stop) for side in self.window], dtype=np.float64).T
        growth = BOX_GROWTH * (high - low)
        return low - growth, high + growth


def _sightings(reply: Interpretation, stamp_ns: int) -> Iterator[tuple[int, _Sighting]]:
    """Yield mask value and sighting of every object that has pixels."""
    for target in reply.objects:
        window = reply.window(target)
        if window is not None:
            mask = reply.label_image[window] == target.mask_value
            yield target.mask_value, _Sighting(target.role, target.label, stamp_ns, window, mask)


def _associate(tracks: Mapping[int, _Sighting], seen: Mapping[int, _Sighting]) -> dict[int, int]:
    """Return the number of the track that each sighting continues, by the sighting's key."""
    if not tracks or not seen:
        return {}
    numbers, keys = list(tracks), list(seen)
    likeness = np.array([[track.likeness(sighting) for sighting in seen.values()] for track in tracks.values()])
    pairs = zip(*linear_sum_assignment(likeness, maximize=True), strict=True)
    return {keys[column]: numbers[row] for row, column in pairs if likeness[row, column]}
