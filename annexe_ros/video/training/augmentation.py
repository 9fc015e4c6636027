"""Other films from the same one: seen from beside, mirrored, and begun early or late. Verbs and nouns stay.

Works on a scene model's dense maps. In a mirror the left hand is a right hand; narrations of generated clips don't say
which hand it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.data.scenes.appearance import Generator

CELLS, FRAMES = 1, 2
"""By how many cells and frames a film is shifted at most; what comes into view repeats the edge."""


class Augmentation:
    """Disturbs the maps of clips, each clip in its own way.

    Args:
        labels: of the scene model; its maps are these behind "none", then contact of the left and of the right hand,
            then depth.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        channels = ["none", *labels, "left hand's contact", "right hand's contact", "depth"]
        swapped = [_other_side(name) for name in channels]
        self._mirrored = torch.tensor([channels.index(name) for name in swapped])

    def __call__(self, maps: Tensor, rng: Generator) -> Tensor:
        """Return maps (N, T, C, h, w) like the given ones."""
        return torch.stack([self._one(film, rng) for film in maps])

    def _one(self, film: Tensor, rng: Generator) -> Tensor:
        frames, _, height, width = film.shape
        begin = int(rng.integers(-FRAMES, FRAMES + 1))
        film = film[torch.arange(begin, begin + frames).clamp(0, frames - 1)]
        down, right = rng.integers(0, 2 * CELLS + 1, 2)
        film = functional.pad(film, (CELLS,) * 4, mode="replicate")[..., down : down + height, right : right + width]
        return film[:, self._mirrored].flip(-1) if rng.random() < 0.5 else film


def _other_side(name: str) -> str:
    sides = {"left hand": "right hand", "right hand": "left hand"}
    return next((name.replace(side, other) for side, other in sides.items() if name.startswith(side)), name)
