"""README's picture: what the shipped model answers about three of the example scenes, side by side (`make picture`)."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from annexe_ros.core import Frame, Interpreter, Query
from annexe_ros.data.ego_irgbench import read_colour
from annexe_ros.drawing import draw_overlay
from annexe_ros.inference.engines import create_engine

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "answers.jpg"
QUESTIONS = {
    "recordings/head_camera/RGB/S0078_000019_0000.jpg": "Segment both hands.",
    "scenes/RGB/S0901_000002.jpg": "What am I holding?",
    "scenes/RGB/S0901_000006.jpg": "Which hand is touching the bowl?",
}
STRIP = (24, 24, 28)


def main() -> int:
    """Ask, draw and write the picture."""
    engine = create_engine("annexe")
    answers = [_answered(engine, ROOT / "examples" / image, query) for image, query in QUESTIONS.items()]
    height = max(len(answer) for answer in answers)
    sides = [cv2.copyMakeBorder(a, 0, height - len(a), 0, 0, cv2.BORDER_CONSTANT, value=STRIP) for a in answers]
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PICTURE), cv2.cvtColor(np.hstack(sides), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return 0


def _answered(engine: Interpreter, image: Path, query: str) -> np.ndarray:
    frame = Frame(read_colour(image))
    return draw_overlay(frame.image, engine.interpret(frame, Query(query, want_3d=False)), query)


if __name__ == "__main__":
    sys.exit(main())
