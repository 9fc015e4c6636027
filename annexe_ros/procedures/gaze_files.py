"""Processed gaze (``<uid>.npy``): where the wearer looks in every frame.

What the files hold isn't documented and no published code reads them, so that a file is taken only if there is one way
to understand it: (T, 2) or (T, 3 with a confidence), a row per 25-fps frame, normalised or in pixels of the video.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError

LENGTH_TOLERANCE = 0.02
"""Accepted difference between the numbers of rows and frames, relative to the latter."""
NORMALISED_SHARE, PIXEL_SHARE = 0.9, 0.1
"""Shares of values in 0..1 above which a file is normalised, and below which it is in pixels."""
LEAST_INSIDE = 0.5
MIN_CONFIDENCE = 0.5


@dataclass(frozen=True, eq=False)
class GazeTrack:
    """Gaze points (T, 2) float64 in pixels (x, y), and which of them can be used (T,) bool."""

    points: NDArray[np.float64]
    valid: NDArray[np.bool_]


def read_gaze(path: Path | str, frames: int, width: int, height: int) -> GazeTrack:
    """Read the gaze of a video of that length and size; raises ``DatasetFormatError`` where its meaning isn't clear.

    Points that aren't finite, outside of the image or of a confidence below 0.5 are invalid.
    """
    rows = _rows(path, frames)
    points = rows[:, :2] * _scale(path, rows[:, :2], width, height)
    with np.errstate(invalid="ignore"):
        inside = ((points >= 0) & (points < (width, height))).all(axis=1)
    finite = np.isfinite(points).all(axis=1)
    if inside.sum() < LEAST_INSIDE * finite.sum():
        raise DatasetFormatError(path, f"most points lie outside of the {width}x{height} image")
    return GazeTrack(points, inside & _confident(path, rows))


def _rows(path: Path | str, frames: int) -> NDArray[np.float64]:
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise DatasetFormatError(path, f"is not an array: {error}") from error
    if (
        not isinstance(rows, np.ndarray)
        or rows.dtype.kind not in "fiu"
        or rows.ndim != 2
        or rows.shape[1] not in (2, 3)
    ):
        shape = getattr(rows, "shape", None)
        raise DatasetFormatError(path, f"is {shape}; gaze is (T, 2) or (T, 3) numbers")
    if abs(len(rows) - frames) > LENGTH_TOLERANCE * frames:
        raise DatasetFormatError(path, f"has {len(rows)} rows for a video of {frames} frames")
    return rows.astype(np.float64)


def _scale(path: Path | str, points: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Return what turns the values into pixels: the image's size if they are normalised, else 1."""
    finite = points[np.isfinite(points)]
    if not finite.size:
        raise DatasetFormatError(path, "holds no finite value")
    share = float(np.mean((finite >= 0) & (finite <= 1)))
    if PIXEL_SHARE <= share <= NORMALISED_SHARE:
        raise DatasetFormatError(path, f"may be normalised or in pixels: {share:.0%} of its values lie in 0..1")
    return np.array([width, height] if share > NORMALISED_SHARE else [1, 1], dtype=np.float64)


def _confident(path: Path | str, rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    if rows.shape[1] == 2:
        return np.ones(len(rows), dtype=bool)
    confidence = np.nan_to_num(rows[:, 2])
    if confidence.min() < 0 or confidence.max() > 1:
        raise DatasetFormatError(path, "its third column is not a confidence in 0..1")
    return confidence >= MIN_CONFIDENCE
