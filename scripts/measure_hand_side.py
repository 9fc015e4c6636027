"""Measures how well a hand's shape tells its side, on the true masks of generated scenes (docs/engines.md).

    annexe scenes --out out/hand_side --count 300 --seed 4242 --split test
    python scripts/measure_hand_side.py --data out/hand_side

Prints JSON: the share of hands that get their side by shape alone, and of a language model that is right now and then,
before and after its word was weighed against the shape.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

from annexe_ros.core import Hands, Role
from annexe_ros.data.scenes.truth import SceneTruth
from annexe_ros.inference.vlm_sam import hand_side

Scene = list[tuple[Hands, float]]
"""The hands of a scene: true side, and what the shape says."""

SIDE = {Role.LEFT_HAND: Hands.LEFT, Role.RIGHT_HAND: Hands.RIGHT}
BOTH = Hands.LEFT | Hands.RIGHT
RELIABILITIES = (0.5, 0.7, 0.9)
REPEATS = 20


def scenes(data: Path) -> Iterator[Scene]:
    """Yield the scenes that have hands."""
    for file in sorted((data / "scene").glob("*.json")):
        truth = SceneTruth.from_json(json.loads(file.read_text(encoding="utf-8")))
        mask = np.asarray(cv2.imread(str(data / "mask" / f"{truth.id}.png"), cv2.IMREAD_GRAYSCALE))
        hands = [item for item in truth.instances if item.role in SIDE]
        if hands:
            yield [(SIDE[item.role], hand_side.right_log_odds(mask == item.index)) for item in hands]


def by_shape(scene: Scene) -> list[bool]:
    """Return for each hand whether its shape alone gives its side."""
    with mock.patch.object(hand_side, "SAID_LOG_ODDS", 0.0):
        return _right(scene, [Hands.LEFT] * len(scene))


def with_a_word(found: Sequence[Scene], reliability: float) -> dict[str, float]:
    """Return the share of right sides of a language model that is as reliable as that, before and after."""
    dice = np.random.default_rng(0)
    before, after = [], []
    for scene in [scene for scene in found for _ in range(REPEATS)]:
        said = [side if dice.random() < reliability else BOTH ^ side for side, _ in scene]
        before += [word is side for word, (side, _) in zip(said, scene, strict=True)]
        after += _right(scene, said)
    return {"said": _share(before), "corrected": _share(after)}


def measure(data: Path) -> dict[str, Any]:
    """Return all figures of a data set."""
    found = list(scenes(data))
    with mock.patch.object(hand_side, "THUMB_WEIGHT", 0.0):
        thumbless = list(scenes(data))
    return {
        "scenes": len(found),
        "hands": sum(map(len, found)),
        "by_shape": _share_of(found),
        "by_shape_one_hand": _share_of([scene for scene in found if len(scene) == 1]),
        "by_shape_two_hands": _share_of([scene for scene in found if len(scene) == 2]),
        "by_shape_without_thumb": _share_of(thumbless),
        "language_model": {str(share): with_a_word(found, share) for share in RELIABILITIES},
    }


def _right(scene: Scene, said: Sequence[Hands]) -> list[bool]:
    sides = hand_side.sides_from([odds for _, odds in scene], said)
    return [side is true for side, (true, _) in zip(sides, scene, strict=True)]


def _share_of(found: Sequence[Scene]) -> float:
    return _share([ok for scene in found for ok in by_shape(scene)])


def _share(right: Sequence[bool]) -> float:
    return round(float(np.mean(right)), 3) if right else float("nan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of generated scenes")
    print(json.dumps(measure(parser.parse_args().data), indent=2))
