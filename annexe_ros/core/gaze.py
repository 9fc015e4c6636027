"""Where the wearer looks: which object that is, the part of the image around it, and how long a gaze point may be used.

Gaze points are pixels (x, y) of the image. An eye tracker is right to about a degree, so that a point stands for its
surroundings. Where there is no usable gaze, the full frame is used and a note says why; nothing here fails for that.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.depth import known_depth
from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import GroundedObject, Interpretation

CROPS = {"full": 1.0, "3/4": 3 / 4, "1/2": 1 / 2, "1/3": 1 / 3}
"""Sides of gaze-centred crops relative to the image's, as in EgoExoLearn's baselines, by the names of the settings."""
DEFAULT_CROP = "full"
"""Of the four, the one with which the shipped model finds and names most of what is looked at (docs/gaze.md)."""

LOOK_NEARER = "look nearer"
"""Stage of a reply in which a second, smaller part of the image was looked at."""

SPREAD = 0.012
"""Standard deviation of a gaze point, relative to the width of the image: a degree of a view of 80."""
REACH = 3
"""Pixels farther than so many standard deviations play no part."""
LEAST_SHARE = 0.1
"""An object below this share of the point's surroundings is not what is looked at."""
KEPT_SAMPLES = 10_000
"""Ten seconds of the fastest eye trackers: frames that are older are seldom asked about."""

Point = tuple[float, float]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class GazeReading:
    """The gaze that belongs to a frame: a pixel, or None with a note that says why and what follows from it."""

    point: Point | None
    note: str = ""


def is_in_image(point: Point, width: int, height: int) -> bool:
    """Tell whether a point is finite and lies in the image."""
    x, y = point
    return math.isfinite(x) and math.isfinite(y) and 0 <= x < width and 0 <= y < height


def reading(point: Point | None, width: int, height: int) -> GazeReading:
    """Return the reading of a point that came with a request; None if there was none."""
    if point is None:
        return _without("no gaze was given")
    if not is_in_image(point, width, height):
        return _without(f"the gaze ({point[0]:.0f}, {point[1]:.0f}) is outside of the {width}x{height} image")
    return GazeReading(point)


class HeldGaze:
    """Gaze samples as they arrive; the last usable one holds until it is ``timeout_s`` old. For several threads."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._samples: deque[tuple[int, Point]] = deque(maxlen=KEPT_SAMPLES)
        self._lock = threading.Lock()

    def put(self, point: Point, stamp_ns: int) -> None:
        """Take a sample; its stamp is in the clock of the frames."""
        with self._lock:
            self._samples.append((stamp_ns, point))

    def at(self, stamp_ns: int, width: int, height: int) -> GazeReading:
        """Return the newest sample up to that time that lies in the image, unless it is too old."""
        with self._lock:
            samples = tuple(self._samples)
        if not samples:
            return _without("no gaze has arrived")
        earlier = [sample for sample in samples if sample[0] <= stamp_ns]
        if not earlier:
            return _without("the gaze that is kept is newer than the frame")
        usable = [sample for sample in earlier if is_in_image(sample[1], width, height)]
        if not usable:
            return _without(f"no gaze before the frame lies in the {width}x{height} image")
        newest, point = max(usable)
        age_s = (stamp_ns - newest) / 1e9
        if age_s > self._timeout_s:
            return _without(f"the gaze is {age_s:.2f} s old, the limit is {self._timeout_s:.2f} s")
        return GazeReading(point)


def crop_box(point: Point, width: int, height: int, fraction: float) -> Box:
    """Return (x, y, width, height) of the part of an image around a point; at the border it is moved, not cut."""
    wide, high = max(1, round(width * fraction)), max(1, round(height * fraction))
    x = min(max(round(point[0] - wide / 2), 0), width - wide)
    y = min(max(round(point[1] - high / 2), 0), height - high)
    return x, y, wide, high


@dataclass(frozen=True, eq=False)
class GazeView:
    """What an engine is shown: the frame or the part of it around the gaze, and how to bring its reply back.

    Attributes:
        frame: the part, with depth and intrinsics of its own; or the full frame.
        box: (x, y, width, height) of the part in the full frame.
        full_size: (width, height) of the full frame.
        note: why it is the full frame; empty where the gaze was used.
    """

    frame: Frame
    box: Box
    full_size: tuple[int, int]
    note: str = ""

    def restored(self, interpretation: Interpretation) -> Interpretation:
        """Return a reply about ``frame`` as one about the full frame, with the note. Boxes in 3D stay as they are."""
        x, y, width, height = self.box
        labels = np.zeros(self.full_size[::-1], dtype=np.uint8)
        labels[y : y + height, x : x + width] = interpretation.label_image
        notes = (*interpretation.notes, self.note) if self.note else interpretation.notes
        return replace(interpretation, label_image=labels, notes=notes)


def view_around(frame: Frame, gaze: GazeReading, fraction: float) -> GazeView:
    """Return the part of a frame around the gaze, ``fraction`` of its sides long; without gaze the frame itself."""
    size = frame.width, frame.height
    if gaze.point is None or fraction >= 1:
        return GazeView(frame, (0, 0, *size), size, gaze.note)
    box = crop_box(gaze.point, *size, fraction)
    x, y, width, height = box
    part = np.s_[y : y + height, x : x + width]
    cropped = replace(
        frame,
        image=frame.image[part],
        depth=None if frame.depth is None else frame.depth[part],
        camera=None if frame.camera is None else frame.camera.cropped(x, y, width, height),
    )
    return GazeView(cropped, box, size)


def value_under_gaze(labels: NDArray[np.uint8], point: Point, spread: float = SPREAD) -> int:
    """Return the value in a label image (H, W) that a gaze point most likely means; 0 for the background.

    Every pixel counts by a Gaussian about the point, ``spread`` image widths wide. The background doesn't compete: a
    point just beside an object means the object.
    """
    height, width = labels.shape
    if not is_in_image(point, width, height):
        return 0
    sigma = max(spread * width, 0.5)
    left, top = (max(0, math.floor(at - REACH * sigma)) for at in point)
    right, bottom = (math.ceil(at + REACH * sigma) + 1 for at in point)
    part = labels[top:bottom, left:right]
    across, down = np.arange(part.shape[1]) + left - point[0], np.arange(part.shape[0]) + top - point[1]
    weights = np.exp(-(across[None, :] ** 2 + down[:, None] ** 2) / (2 * sigma**2))
    shares = np.bincount(part.ravel(), weights=weights.ravel(), minlength=256) / weights.sum()
    shares[0] = 0
    return int(shares.argmax()) if shares.max() >= LEAST_SHARE else 0


def point_looked_at(frame: Frame, point: Point, spread: float = SPREAD) -> NDArray[np.float64] | None:
    """Return what a gaze point shows (3,) [m], in the frame's optical frame; None where depth isn't known.

    The depth is the median of what is known within one standard deviation of the point.
    """
    if frame.depth is None or frame.camera is None or not is_in_image(point, frame.width, frame.height):
        return None
    reach = max(spread * frame.width, 1.0)
    (left, right), (top, bottom) = ((max(0, round(at - reach)), round(at + reach) + 1) for at in point)
    part = frame.depth[top:bottom, left:right]
    known = part[known_depth(part)]
    if not known.size:
        return None
    x, y = (np.array([at]) for at in point)
    return frame.camera.deproject(x, y, np.array([np.median(known)]))[0]


def object_under_gaze(interpretation: Interpretation, point: Point, spread: float = SPREAD) -> GroundedObject | None:
    """Return the object of a reply that a gaze point in its frame most likely means, or None.

    Whether a hand is on it says the object's ``touched_by``.
    """
    value = value_under_gaze(interpretation.label_image, point, spread)
    return next((item for item in interpretation.objects if value and item.mask_value == value), None)


def _without(why: str) -> GazeReading:
    return GazeReading(None, f"{why}; the full frame was used")
