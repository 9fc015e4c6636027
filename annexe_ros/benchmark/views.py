"""What the benchmark looks at and asks: views of a recording at the size of a head camera's images, and questions.

It knows no model; where no recording is at hand, a view is noise, which costs the same time.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, Query

SIZE = 1280, 720
"""Width and height at which the figures are measured [pixels]."""

QUESTIONS = (
    "Please segment the hands and objects in interaction.",
    "Which object is the right hand holding?",
    "Segment the left hand.",
    "Can you see the kettle?",
)
"""Four targets, one object, one hand, and mostly none."""


def views(count: int, recording: Path | None = None, size: tuple[int, int] = SIZE) -> list[NDArray[np.uint8]]:
    """Return so many images (H, W, 3), each unlike the others.

    Args:
        count: of views.
        recording: folder of a recording (``data.recording``), whose frames are taken evenly; None: noise.
        size: width and height [pixels]; of what a recording holds, the middle is scaled to it.

    Raises what ``Recording`` raises.
    """
    return [_noise(size, seed) for seed in range(count)] if recording is None else _recorded(recording, count, size)


def fresh(image: NDArray[np.uint8]) -> Frame:
    """Return an image (H, W, 3) as a frame that no engine has seen yet."""
    return Frame(image)


def queries() -> list[Query]:
    """Return the questions, which want analysis and masks but no place in space."""
    return [Query(text, want_3d=False) for text in QUESTIONS]


def scaled(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the middle of an image at another size (width, height), its aspect kept."""
    height, width = image.shape[:2]
    share = min(width / size[0], height / size[1])
    columns, rows = round(size[0] * share), round(size[1] * share)
    left, top = (width - columns) // 2, (height - rows) // 2
    part = image[top : top + rows, left : left + columns]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _noise(size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)


def _recorded(folder: Path, count: int, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    from annexe_ros.data.recording import Recording

    recording = Recording.open(folder)
    chosen = np.linspace(0, len(recording.frames) - 1, count).round().astype(int)
    return [scaled(recording.read(recording.frames[number]).image, size) for number in chosen]
