"""Text in pictures with OpenCV's own font: measured, wrapped, drawn smooth. Sizes are heights of capitals in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.palette import Colour

FONT = cv2.FONT_HERSHEY_DUPLEX
WHITE: Colour = (245, 245, 245)
_CAPITAL_HEIGHT = 21.0
"""Pixels of a capital letter of the font at scale 1."""


def text_width(text: str, height: float) -> int:
    """Return the width of a line [pixels]."""
    return int(cv2.getTextSize(text, FONT, height / _CAPITAL_HEIGHT, _thickness(height))[0][0])


def draw_text(canvas: NDArray[np.uint8], text: str, position: tuple[int, int], height: float, colour: Colour) -> None:
    """Draw a line in place; ``position`` is (x, y) of the left end of its base line."""
    scale = height / _CAPITAL_HEIGHT
    cv2.putText(canvas, text, position, FONT, scale, colour, _thickness(height), cv2.LINE_AA)


def wrap(text: str, width: int, height: float) -> list[str]:
    """Break a text into lines of at most ``width`` pixels; a word that is longer than that stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", height) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _thickness(height: float) -> int:
    return max(1, round(height / 18))
