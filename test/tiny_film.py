"""A tiny recording of a procedure: three steps, each of one colour, and what its camera shows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.recording import write_index
from annexe_ros.data.timed_steps import write_steps

STEP_NS = 100_000_000
"""Between two images."""
STEP_FRAMES = 15
COLOURS = {1: (200, 40, 40), 2: (40, 200, 40), 3: (40, 40, 200)}


def picture(step: int, number: int) -> NDArray[np.uint8]:
    """Return an image (24, 24, 3) of a step; no two numbers have the same noise."""
    noise = np.random.default_rng([step, number]).integers(-20, 20, (24, 24, 3))
    return np.clip(np.array(COLOURS[step]) + noise, 0, 255).astype(np.uint8)


def write_film(folder: Path) -> None:
    """Write the recording with its steps."""
    (folder / "RGB").mkdir(parents=True)
    stamps = {}
    for number in range(3 * STEP_FRAMES):
        stamps[f"{number:03d}"] = number * STEP_NS
        shown = picture(1 + number // STEP_FRAMES, number)
        cv2.imwrite(str(folder / "RGB" / f"{number:03d}.jpg"), shown[..., ::-1])
    write_index(folder, "head", None, stamps)
    length = STEP_FRAMES * STEP_NS / 1e9
    write_steps(folder, [TimedStep(k, f"paint {k}", (k - 1) * length, k * length) for k in COLOURS])
