"""How often the object that a gaze point is assigned to is the one that the wearer of a generated scene looks at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.gaze import value_under_gaze
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.scenes.gaze import fixation
from annexe_ros.data.scenes.truth import Fixation, SceneTruth


def evaluate_gaze(
    dataset: EgoIrgBench, count: int, progress: Callable[[int, int], None] | None = None
) -> dict[str, float]:
    """Return ``{right_object, n}`` over the first ``count`` scenes of a data set, with their true masks.

    Scenes of before the gaze was known get one by the same rule. Raises ``DatasetFormatError`` where the images weren't
    generated.
    """
    right = []
    for done, (mask, gaze) in enumerate(_fixations(dataset, count), start=1):
        right.append(value_under_gaze(mask, gaze.point) == gaze.target)
        if progress is not None:
            progress(done, min(count, len(dataset)))
    if not right:
        raise DatasetFormatError(dataset.root, "has no scene with anything in view")
    return {"right_object": float(np.mean(right)), "n": len(right)}


def _fixations(dataset: EgoIrgBench, count: int) -> Iterator[tuple[NDArray[np.uint8], Fixation]]:
    for name in dataset.ids[:count]:
        truth, mask = dataset.truth(name), dataset.mask(name)
        if truth is None:
            raise DatasetFormatError(dataset.root, f"{name} is not a generated scene")
        gaze = truth.gaze or _drawn(truth, mask)
        if gaze is not None:
            yield mask, gaze


def _drawn(truth: SceneTruth, mask: NDArray[np.uint8]) -> Fixation | None:
    return fixation(truth, mask, np.random.default_rng(zlib.crc32(truth.id.encode())))
