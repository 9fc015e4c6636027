"""Measures how well a hand's shape tells its side, on generated scenes and their exact masks (docs/engines.md).

    MUJOCO_GL=egl python scripts/measure_hand_side.py --count 300 --seed 4242

Prints JSON: the share of hands that get their side by shape alone, and of a language model that is right now and then,
before and after its word was weighed against the shape. ``hand`` is with masks of hands and bare forearms, ``arm`` with
those of the arms under the sleeves beside them, which are drawn for that; scenes are those of ``annexe scenes``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Hands, Role
from annexe_ros.data.scenes.build import build
from annexe_ros.data.scenes.dataset import find_scene
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.scenes.scene import Scene
from annexe_ros.inference.vlm_sam import hand_side

Hand = tuple[Hands, dict[str, float]]
"""A hand: true side, and what its shape says, by what was looked at."""

SIDE = {Role.LEFT_HAND: Hands.LEFT, Role.RIGHT_HAND: Hands.RIGHT}
BOTH = Hands.LEFT | Hands.RIGHT
SEEN = ("hand", "hand without thumb", "arm")
RELIABILITIES = (0.5, 0.7, 0.9)
REPEATS = 20


def scenes(count: int, seed: int, width: int = 320, height: int = 240) -> Iterator[list[Hand]]:
    """Yield the hands of the scenes that have any."""
    renderer = Renderer(width, height)
    for index in range(count):
        scene, rendering, truth, _ = find_scene(renderer, seed, index, width, height)
        hands = [item for item in truth.instances if item.role in SIDE]
        if hands:
            arms = _without_sleeves(renderer, scene)
            yield [(SIDE[item.role], _odds(rendering.mask == item.index, arms == item.index)) for item in hands]


def _without_sleeves(renderer: Renderer, scene: Scene) -> NDArray[np.uint8]:
    """Return the scene's instance masks (H, W) with all arms bare."""
    bare = replace(scene, hands=tuple(replace(hand, sleeve=None) for hand in scene.hands))
    opened = renderer.open(build(bare), scene.view)
    try:
        return opened.segment()[0]
    finally:
        opened.close()


def _odds(hand: NDArray[np.bool_], arm: NDArray[np.bool_]) -> dict[str, float]:
    with mock.patch.object(hand_side, "THUMB_WEIGHT", 0.0):
        thumbless = hand_side.right_log_odds(hand)
    return dict(
        zip(SEEN, (hand_side.right_log_odds(hand), thumbless, hand_side.right_log_odds(hand, arm)), strict=True)
    )


def measure(found: Sequence[list[Hand]]) -> dict[str, Any]:
    """Return all figures."""
    return {"scenes": len(found), "hands": sum(map(len, found))} | {seen: _figures(found, seen) for seen in SEEN}


def _figures(found: Sequence[list[Hand]], seen: str) -> dict[str, Any]:
    of_scenes = [[(side, odds[seen]) for side, odds in scene] for scene in found]
    return {
        "by_shape": _share_by_shape(of_scenes),
        "by_shape_one_hand": _share_by_shape([scene for scene in of_scenes if len(scene) == 1]),
        "by_shape_two_hands": _share_by_shape([scene for scene in of_scenes if len(scene) == 2]),
        "language_model": {str(share): _with_a_word(of_scenes, share) for share in RELIABILITIES},
    }


def _share_by_shape(found: Sequence[list[tuple[Hands, float]]]) -> float:
    with mock.patch.object(hand_side, "SAID_LOG_ODDS", 0.0):
        return _share([ok for scene in found for ok in _right(scene, [Hands.LEFT] * len(scene))])


def _with_a_word(found: Sequence[list[tuple[Hands, float]]], reliability: float) -> Mapping[str, float]:
    """Return the share of right sides of a language model that is as reliable as that, before and after."""
    dice = np.random.default_rng(0)
    before, after = [], []
    for scene in [scene for scene in found for _ in range(REPEATS)]:
        said = [side if dice.random() < reliability else BOTH ^ side for side, _ in scene]
        before += [word is side for word, (side, _) in zip(said, scene, strict=True)]
        after += _right(scene, said)
    return {"said": _share(before), "corrected": _share(after)}


def _right(scene: list[tuple[Hands, float]], said: Sequence[Hands]) -> list[bool]:
    sides = hand_side.sides_from([odds for _, odds in scene], said)
    return [side is true for side, (true, _) in zip(sides, scene, strict=True)]


def _share(right: Sequence[bool]) -> float:
    return round(float(np.mean(right)), 3) if right else float("nan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=300, help="scenes, with those that have no hand (%(default)s)")
    parser.add_argument("--seed", type=int, default=4242, help="of the generator (%(default)s)")
    arguments = parser.parse_args()
    print(json.dumps(measure(list(scenes(arguments.count, arguments.seed))), indent=2))
