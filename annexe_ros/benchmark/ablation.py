"""What analysis-guided answering gives and costs: two models, alike but for it, asked the same.

Accuracy is ``evaluation``'s; its gain is resampled with the same images on both sides. Latency is measured in turns,
query by query, so that other work on the machine meets both alike. How the models were trained isn't known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from annexe_ros.benchmark.machine import busy_note, machine
from annexe_ros.benchmark.pairs import Pair
from annexe_ros.benchmark.speed import compare
from annexe_ros.benchmark.views import SIZE, queries, scaled
from annexe_ros.core import Interpreter
from annexe_ros.core.errors import ParameterError
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.evaluation.intervals import Ratio
from annexe_ros.evaluation.report import EvaluationReport
from annexe_ros.evaluation.runner import evaluate
from annexe_ros.inference.annexe import AnnexeEngine
from annexe_ros.inference.loading import load
from annexe_ros.training.parts import IMAGE_ENCODER

FIRST, UNDESCRIBED, FOLLOW_UP = "first_query", "first_query_without_analysis", "follow_up"
"""A query about a new image; one that doesn't want it described; one about an image that was described before."""

Follow = Callable[[int, int], None]


@dataclass(frozen=True)
class Extent:
    """How much is asked: questions per image for accuracy and the seed of their draw; images for latency."""

    queries_per_image: int = 6
    seed: int = 0
    views: int = 40


def ablate(
    off: Path,
    on: Path,
    data: EgoIrgBench,
    extent: Extent = Extent(),
    device: str = "auto",
    follow: Follow | None = None,
) -> dict[str, Any]:
    """Return the figures of a plain model and of an analysis-guided one.

    Args:
        off: folder of the plain model.
        on: folder of the other one.
        data: images that neither was trained on.
        extent: how much is asked.
        device: as engines take it.
        follow: told (images done, images in all) of each evaluation.

    The object has ``accuracy`` (figure -> off, on, gain and their 95 % intervals) and ``latency`` (kind of query ->
    median off_ms and on_ms, and ratio, the median of on over off). Raises ``ParameterError`` where a model isn't what
    it is called, and what loading and evaluating raise.
    """
    notes = [*filter(None, [busy_note()])]  # of before: what follows is work too
    same, sizes = _checked(off, on)
    plain, guided = (AnnexeEngine(folder, device) for folder in (off, on))
    reports = [evaluate(engine, data, extent.queries_per_image, extent.seed, follow) for engine in (plain, guided)]
    images = [scaled(data.image(name), SIZE) for name in data.ids[: extent.views]]
    return {
        "n": len(reports[0].queries),
        "images": len(reports[0].images),
        "parameters": sizes,
        "same_image_encoder": same,
        "accuracy": gains(*reports),
        "latency": latencies(plain, guided, images),
        "device": str(plain.device),
        "machine": machine(),
        "notes": notes,
    }


def gains(off: EvaluationReport, on: EvaluationReport) -> dict[str, dict[str, Any]]:
    """Return the headline figures of two evaluations of the same questions by "part name", but for unmeasured ones."""
    before, after = off.ratios([]), on.ratios([])
    pairs = {f"{part} {name}": (before[part][name], ratio) for part, of in after.items() for name, ratio in of.items()}
    return {name: _gain(old, new) for name, (old, new) in pairs.items() if old is not None and new is not None}


def _gain(off: Ratio, on: Ratio) -> dict[str, Any]:
    before, after = off.value, on.value
    return {
        "off": before,
        "off_interval": off.interval(),
        "on": after,
        "on_interval": on.interval(),
        "gain": None if before is None or after is None else after - before,
        "gain_interval": on.gain(off),
    }


def latencies(plain: Interpreter, guided: Interpreter, images: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
    """Return median times and the median ratio of on to off for each kind of query, measured in turns."""
    asked = queries()
    described = compare(plain, guided, images, asked)
    silent = compare(plain, guided, images, [replace(query, want_analysis=False) for query in asked])
    kinds = {FIRST: described.first, UNDESCRIBED: silent.first, FOLLOW_UP: described.follow_up}
    return {kind: _cost(pairs) for kind, pairs in kinds.items()}


def _cost(pairs: Sequence[Pair]) -> dict[str, float]:
    return {
        "off_ms": median(pair.plain_ms for pair in pairs),
        "on_ms": median(pair.ours_ms for pair in pairs),
        "ratio": median(pair.ours_ms / pair.plain_ms for pair in pairs),
    }


def _checked(off: Path, on: Path) -> tuple[bool, dict[str, int]]:
    """Return whether both see and encode images alike, so that only the texts' stage differs, and their parameters."""
    loaded = [load(folder, torch.device("cpu")) for folder in (off, on)]
    for folder, (network, _), wanted in zip((off, on), loaded, (False, True), strict=True):
        if network.config.analysis_guided is not wanted:
            raise ParameterError(f"model '{folder}' is {'not ' if wanted else ''}analysis-guided")
    plain, guided = ({n: w for n, w in net.state_dict().items() if _encodes(n)} for net, _ in loaded)
    same = plain.keys() == guided.keys() and all(torch.equal(plain[name], guided[name]) for name in plain)
    first, second = (processor.image_processor.to_dict() for _, processor in loaded)
    sizes = (sum(weight.numel() for weight in net.parameters()) for net, _ in loaded)
    return same and first == second, dict(zip(("off", "on"), sizes, strict=True))


def _encodes(name: str) -> bool:
    return name.partition(".")[0] in IMAGE_ENCODER
