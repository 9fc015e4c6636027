"""Name tags of targets: placed beside their masks, inside the picture and off each other, with a line to the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import bounding_box
from annexe_ros.core.palette import Colour
from annexe_ros.drawing.lettering import WHITE, draw_text, text_width

_BACKGROUND = (24, 24, 28)
_OPACITY = 0.8

Rectangle = tuple[int, int, int, int]
"""x, y, width, height [pixels]."""


@dataclass(frozen=True, eq=False)
class Tag:
    """What is written beside a mask (H, W) bool, which isn't empty."""

    text: str
    colour: Colour
    mask: NDArray[np.bool_]

    @cached_property
    def anchor(self) -> tuple[int, int]:
        """The pixel (x, y) deepest inside the mask, where the line ends."""
        depth = cv2.distanceTransform(np.pad(self.mask, 1).astype(np.uint8), cv2.DIST_L2, 3)
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(x) - 1, int(y) - 1


def draw_tags(
    canvas: NDArray[np.uint8], tags: Sequence[Tag], height: float, keep_clear: Rectangle = (0, 0, 0, 0)
) -> None:
    """Draw all tags in place, with capitals of ``height`` pixels; off a rectangle in the picture, where that goes."""
    taken = np.zeros(canvas.shape[:2], dtype=np.float32)
    left, top, width, rows = keep_clear
    taken[top : top + rows, left : left + width] += 10
    for tag in tags:
        taken += tag.mask
    places = []
    for tag in tags:
        place = _place(tag, taken, height)
        x, y, width, rows = place
        taken[y : y + rows, x : x + width] += 10
        places.append(place)
    for tag, place in zip(tags, places, strict=True):
        _draw_line(canvas, tag, place, height)
    for tag, place in zip(tags, places, strict=True):
        _draw_tag(canvas, tag, place, height)


def _place(tag: Tag, taken: NDArray[np.float32], height: float) -> Rectangle:
    """Return the free-most rectangle beside the mask; of equal ones the nearest to the anchor."""
    rows, columns = taken.shape
    width = min(text_width(tag.text, height) + round(3.2 * height), columns)
    tall = min(round(2.2 * height), rows)

    def cost(place: Rectangle) -> tuple[float, float]:
        x, y, _, _ = place
        covered = float(taken[y : y + tall, x : x + width].sum()) / (width * tall)
        distance = np.hypot(x + width / 2 - tag.anchor[0], y + tall / 2 - tag.anchor[1])
        return round(covered, 1), float(distance)

    inside = [
        (int(np.clip(x, 0, columns - width)), int(np.clip(y, 0, rows - tall)), width, tall)
        for x, y in _corners(tag, width, tall, round(height))
    ]
    return min(inside, key=cost)


def _corners(tag: Tag, width: int, tall: int, gap: int) -> Iterator[tuple[int, int]]:
    """Yield upper left corners around the mask's box: above, below, right, left, and at its four corners."""
    x, y, box_width, box_height = bounding_box(tag.mask)
    middle_x, middle_y = x + (box_width - width) // 2, y + (box_height - tall) // 2
    left, right = x - width - gap, x + box_width + gap
    above, below = y - tall - gap, y + box_height + gap
    for row in (above, below):
        yield from ((middle_x, row), (left, row), (right, row))
    yield from ((right, middle_y), (left, middle_y), (tag.anchor[0] - width // 2, tag.anchor[1] - tall // 2))


def _draw_line(canvas: NDArray[np.uint8], tag: Tag, place: Rectangle, height: float) -> None:
    start, end = _line(tag, place, height)
    thickness = max(1, round(height / 8))
    cv2.line(canvas, start, end, _BACKGROUND, thickness + 2, cv2.LINE_AA)
    cv2.line(canvas, start, end, tag.colour, thickness, cv2.LINE_AA)
    radius = max(2, round(height / 3))
    cv2.circle(canvas, end, radius + 1, _BACKGROUND, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(canvas, end, radius, tag.colour, cv2.FILLED, cv2.LINE_AA)


def _line(tag: Tag, place: Rectangle, height: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the line from the tag towards the anchor, ending a little inside the mask so that it hides little."""
    x, y, width, tall = place
    start = np.clip(tag.anchor, (x, y), (x + width - 1, y + tall - 1))
    way = np.asarray(tag.anchor) - start
    length = int(np.abs(way).max()) + 1
    points = np.rint(start + np.linspace(0, 1, length)[:, None] * way).astype(int)
    inside = int(np.argmax(tag.mask[points[:, 1], points[:, 0]]))
    end = points[min(inside + round(1.2 * height), length - 1)]
    return (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))


def _draw_tag(canvas: NDArray[np.uint8], tag: Tag, place: Rectangle, height: float) -> None:
    x, y, width, tall = place
    patch = canvas[y : y + tall, x : x + width]
    plate = patch.copy()
    _fill_rounded(plate, round(tall / 4), _BACKGROUND)
    patch[:] = cv2.addWeighted(plate, _OPACITY, patch, 1 - _OPACITY, 0)
    dot = (x + round(1.1 * height), y + tall // 2)
    cv2.circle(canvas, dot, max(2, round(height * 0.42)), tag.colour, cv2.FILLED, cv2.LINE_AA)
    draw_text(canvas, tag.text, (x + round(2.2 * height), y + round((tall + height) / 2)), height, WHITE)


def _fill_rounded(patch: NDArray[np.uint8], radius: int, colour: Colour) -> None:
    """Fill a whole patch but for its rounded corners."""
    rows, columns = patch.shape[:2]
    cv2.rectangle(patch, (radius, 0), (columns - radius - 1, rows), colour, cv2.FILLED)
    cv2.rectangle(patch, (0, radius), (columns, rows - radius - 1), colour, cv2.FILLED)
    for x in (radius, columns - radius - 1):
        for y in (radius, rows - radius - 1):
            cv2.circle(patch, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA)
