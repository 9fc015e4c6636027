"""Draws a few queries of an image, evenly over those with one, several and no targets: training and evaluation do."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from annexe_ros.data.ego_irgbench import Kind, Record, choose_question


def image_rng(seed: int, image_id: str) -> np.random.Generator:
    """Return a generator of an image's own: what is drawn for it doesn't depend on which others are evaluated."""
    return np.random.default_rng([seed, zlib.crc32(image_id.encode())])


def draw_queries(
    records: Sequence[Record], count: int, rng: np.random.Generator, apart: Callable[[Record], bool] | None = None
) -> list[tuple[Record, str]]:
    """Return up to ``count`` different records with a wording each; the kinds take turns as long as each has any.

    Records that are to be kept ``apart`` take turns as one kind more.
    """
    by_kind: dict[str, list[Record]] = {kind: [] for kind in get_args(Kind)}
    for record in records:
        kind = "apart" if apart is not None and apart(record) else record.kind
        by_kind.setdefault(kind, []).append(record)
    piles = list(by_kind.values())
    for pile in piles:
        rng.shuffle(pile)
    rng.shuffle(piles)
    turns = [pile[turn] for turn in range(count) for pile in piles if turn < len(pile)]
    return [(record, choose_question(record, rng)) for record in turns[:count]]
