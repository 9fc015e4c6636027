"""The overlay: an image with its targets tinted, outlined and named, and a strip below with question and answer.

Where the wearer's gaze is known, a ring shows it.

Small images are enlarged by a whole factor, so that names can be read; masks are smoothed as they grow.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import GroundedObject, Interpretation
from annexe_ros.core.gaze import Point, is_in_image
from annexe_ros.core.palette import GAZE_COLOUR, Colour, target_colours
from annexe_ros.drawing.labels import Rectangle, Tag, draw_tags
from annexe_ros.drawing.lettering import WHITE, draw_text, wrap

MIN_WIDTH = 480
MAX_FACTOR = 4
TINT = 0.38
DIMMED = 0.72
"""Brightness of the background beside targets."""

STRIP_COLOUR = (24, 24, 28)
_QUIET: Colour = (168, 172, 180)
_NO_TARGET: Colour = (240, 150, 120)

Image = NDArray[np.uint8]


def draw_overlay(image: Image, reply: Interpretation, query: str = "") -> Image:
    """Return the picture of an answer, RGB: targets, and below them query, answer and analysis.

    Args:
        image: (H, W, 3) uint8, RGB: the frame's.
        reply: what was answered about it.
        query: the question; empty leaves its line out.

    Returns (H', W', 3) uint8 with W' = W or, for a small image, up to ``MAX_FACTOR`` times it to reach ``MIN_WIDTH``.
    """
    picture = draw_targets(image, reply)
    return np.vstack([picture, _strip(picture.shape[1], _letter_height(picture), reply, query)])


def draw_targets(image: Image, reply: Interpretation) -> Image:
    """Return the image with its targets tinted, outlined and named; enlarged as ``draw_overlay`` says."""
    factor = min(-(-MIN_WIDTH // image.shape[1]), MAX_FACTOR)
    large = _enlarge(image, factor)
    shown = [
        (target, colour, _smooth(reply.mask(target), factor))
        for target, colour in zip(reply.objects, target_colours(reply.objects), strict=True)
        if target.mask_value and reply.mask(target).any()
    ]
    canvas = np.asarray(cv2.convertScaleAbs(large, alpha=DIMMED if shown else 1), dtype=np.uint8)
    height = _letter_height(canvas)
    for _, colour, soft in shown:
        _tint(canvas, large, soft, colour)
    for _, colour, soft in shown:
        _outline(canvas, soft, colour, height)
    ring = _draw_gaze(canvas, reply.gaze, factor, height)
    draw_tags(canvas, [Tag(_name(target), colour, soft > 0.5) for target, colour, soft in shown], height, ring)
    return canvas


def _enlarge(image: Image, factor: int) -> Image:
    size = (image.shape[1] * factor, image.shape[0] * factor)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8) if factor > 1 else image


def _letter_height(canvas: Image) -> float:
    """Return the height of capitals that suits a picture: 11 pixels at 640x480, 26 at 1920x1080."""
    return max(9.0, 0.024 * min(canvas.shape[0], 0.75 * canvas.shape[1]))


def _name(target: GroundedObject) -> str:
    return f"{target.label} {target.score:.2f}"


def _smooth(mask: NDArray[np.bool_], factor: int) -> NDArray[np.float32]:
    """Return the enlarged mask with soft borders, 0..1; its outline is where it crosses one half."""
    large = cv2.resize(mask.astype(np.float32), None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(large, (0, 0), 0.5 * factor)
    return np.asarray(soft / soft.max(), dtype=np.float32)  # a mask of one pixel keeps an outline


def _tint(canvas: Image, image: Image, soft: NDArray[np.float32], colour: Colour) -> None:
    """Bring a target back to full brightness, tinted."""
    rows, columns = np.flatnonzero(soft.max(axis=1) > 0.01), np.flatnonzero(soft.max(axis=0) > 0.01)
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    weight = soft[part][..., None]
    tinted = image[part] * (1 - TINT) + np.array(colour, dtype=np.float32) * TINT
    canvas[part] = np.rint(canvas[part] * (1 - weight) + tinted * weight).astype(np.uint8)


def _outline(canvas: Image, soft: NDArray[np.float32], colour: Colour, height: float) -> None:
    contours, _ = cv2.findContours((soft > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    width = max(1, round(height / 6))
    cv2.polylines(canvas, contours, True, STRIP_COLOUR, width + 2, cv2.LINE_AA)
    cv2.polylines(canvas, contours, True, colour, width, cv2.LINE_AA)


def _draw_gaze(canvas: Image, point: Point | None, factor: int, height: float) -> Rectangle:
    """Draw a ring about the pixel that is looked at, and a dot on it; return what they cover, if there is one."""
    if point is None or not is_in_image(point, canvas.shape[1] // factor, canvas.shape[0] // factor):
        return 0, 0, 0, 0
    centre = (round((point[0] + 0.5) * factor - 0.5), round((point[1] + 0.5) * factor - 0.5))
    radius, width = round(1.4 * height), max(2, round(height / 5))
    cv2.circle(canvas, centre, radius, STRIP_COLOUR, width + 2, cv2.LINE_AA)
    cv2.circle(canvas, centre, radius, GAZE_COLOUR, width, cv2.LINE_AA)
    cv2.circle(canvas, centre, width, GAZE_COLOUR, cv2.FILLED, cv2.LINE_AA)
    return max(0, centre[0] - radius), max(0, centre[1] - radius), 2 * radius, 2 * radius


def _strip(width: int, height: float, reply: Interpretation, query: str) -> Image:
    """Return the lines below the picture: what was asked, the answer, and the description."""
    answer_colour = WHITE if reply.has_target else _NO_TARGET
    parts = [(query, 1.0, _QUIET), (reply.answer, 1.15, answer_colour), (reply.analysis, 0.9, _QUIET)]
    margin = round(1.2 * height)
    lines = [
        (line, height * size, colour)
        for text, size, colour in parts
        for line in wrap(text, width - 2 * margin, height * size)
    ]
    step = round(2.0 * height)
    strip = np.full((margin + step * len(lines) + margin // 2, width, 3), STRIP_COLOUR, dtype=np.uint8)
    for number, (line, size, colour) in enumerate(lines):
        draw_text(strip, line, (margin, margin // 2 + step * (number + 1) - round(0.4 * height)), size, colour)
    return strip
