"""Which pixels of one name are one thing: a map of labels tells what is where, but not how many there are of it.

Pieces that lie apart are things of their own, unless a hand lies between them: what is held is seen on both sides of
the fingers. A person has one left and one right hand, in however many pieces. An answer's mask may be several things;
only its specks are left out. It knows names and pixels, no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Role, role_of
from annexe_ros.core.interpretation import Window, window_around

MOST_THINGS = 255
"""As many as a label image has values."""
SPECK = 0.1
"""Share of a thing's largest piece below which another piece isn't believed."""
_BRIDGED = np.ones((3, 3), dtype=np.uint8)
"""Grows every piece by a pixel: of one thing are those with two pixels of background between them."""


def told_apart(
    labels: NDArray[np.uint8], names: Sequence[str], least: float = 1.0
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return labels (H, W) with a value per thing, in the names' order, and the name of each value from 1 on.

    Args:
        labels: (H, W), k for what is called ``names[k - 1]``, 0 for the background.
        names: one per value.
        least: pieces of fewer pixels are no things; they become background.
    """
    things, said = np.zeros_like(labels), list[str]()
    for name, window, mask, hands in _masks(labels, names):
        pieces = _pieces(mask, hands) if role_of(name) is Role.OBJECT else mask.astype(np.int32)
        things[window][mask], count = _numbered(pieces[mask], least, len(said) + 1)
        said += [name] * count
    return things, said


def without_specks(labels: NDArray[np.uint8], names: Sequence[str]) -> NDArray[np.uint8]:
    """Return labels (H, W), k for ``names[k - 1]``, without pieces that are small beside the largest of their value.

    A patch of shadow far from the thing is little of its mask, but spoils its place in space.
    """
    kept = labels.copy()
    for name, window, mask, hands in _masks(labels, names):
        pieces = _pieces(mask, hands if role_of(name) is Role.OBJECT else mask)
        if pieces.max() > 1:
            found = pieces[mask]
            areas = np.bincount(found)
            kept[window][mask] *= (areas >= SPECK * areas.max())[found]
    return kept


def _masks(
    labels: NDArray[np.uint8], names: Sequence[str]
) -> Iterator[tuple[str, Window, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield, of every name that has pixels, its window and what is its own and what is hands' in that window."""
    hands = np.zeros(labels.shape, dtype=bool)
    for value, name in enumerate(names, start=1):
        if role_of(name) is not Role.OBJECT:
            hands |= labels == value
    for value, name in enumerate(names, start=1):
        window = window_around(labels == value)
        if window is not None:
            yield name, window, labels[window] == value, hands[window]


def _pieces(mask: NDArray[np.bool_], hands: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return a map (H, W) that has the number of its piece at every pixel of a mask; a hand joins what it touches."""
    grown = cv2.dilate((mask | hands).astype(np.uint8), _BRIDGED)
    return np.asarray(cv2.connectedComponents(grown)[1], dtype=np.int32)


def _numbered(pieces: NDArray[np.int32], least: float, first: int) -> tuple[NDArray[np.uint8], int]:
    """Return the value (N,) of each pixel by its piece (N,), counted from ``first``, and how many values that makes."""
    areas = np.bincount(pieces)
    large = np.flatnonzero(areas >= max(least, 1))[: MOST_THINGS + 1 - first]
    values = np.zeros(areas.size, dtype=np.uint8)
    values[large] = first + np.arange(large.size)
    return values[pieces], large.size
