"""One run of the benchmark: everything in the order that it is told in, with what can't be measured here named."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from annexe_ros.benchmark.authors_flow import AuthorsFlow
from annexe_ros.benchmark.growth import growth
from annexe_ros.benchmark.limits import limits
from annexe_ros.benchmark.machine import busy_note, machine
from annexe_ros.benchmark.node_calls import NodeFigures, checkout, measure_node
from annexe_ros.benchmark.pairs import median_ms
from annexe_ros.benchmark.paper_size import paper_size
from annexe_ros.benchmark.processes import resident_mb
from annexe_ros.benchmark.report import GPU_NOTE, BenchReport
from annexe_ros.benchmark.speed import Comparison, compare
from annexe_ros.benchmark.throughput import concurrency_gain
from annexe_ros.benchmark.views import SIZE, fresh, queries, views
from annexe_ros.core import Progress, Stage
from annexe_ros.core.errors import EngineError
from annexe_ros.inference.annexe import AnnexeEngine
from annexe_ros.inference.loading import load

Follow = Callable[[int, int], object]
TEXT_STAGES = Stage.ANALYSE, Stage.ANSWER
NO_CHECKOUT_NOTE = "the node is not measured: its scripts are in a checkout of the sources, which this isn't"


@dataclass(frozen=True)
class Extent:
    """How much is measured: views, each seen once, pairs of throughput, calls of the node, and whether growth is."""

    views: int = 24
    rounds: int = 5
    calls: int = 12
    growth: bool = True


FULL, QUICK = Extent(), Extent(views=2, rounds=1, calls=3, growth=False)


def run(model: Path, device: str, dtype: str, extent: Extent, follow: Follow) -> BenchReport:
    """Measure a model folder; raises what loading it raises."""
    recording = root / "examples" / "recordings" / "head_camera" if (root := checkout()) else None
    images, notes = views(extent.views, recording), _first_notes()
    engine = AnnexeEngine(model, device, dtype)
    engine.warm_up()
    found = compare(AuthorsFlow(model, str(engine.device)), engine, images, queries(), follow)
    network, processor = load(model, engine.device)
    node = _node(model, device, extent.calls, notes)
    return BenchReport(
        model=model.name,
        device=str(engine.device),
        dtype=dtype,
        first_query_speedup=found.first_query_speedup,
        follow_up_speedup=found.follow_up_speedup,
        outputs_equal=not found.differences,
        differences=found.differences,
        first_query_ms=median(pair.ours_ms for pair in found.first),
        follow_up_ms=median(pair.ours_ms for pair in found.follow_up),
        concurrency_gain_8=concurrency_gain(engine, images, queries(), rounds=extent.rounds),
        stages_ms=stages_ms(found, images[0], first_text_ms(engine, images), node),
        tokens_per_s=tokens_per_s(found, processor.token_ids),
        memory_mb=resident_mb(os.getpid()),
        node=node,
        limits=asdict(limits(network, processor.image_processor.input_size(SIZE[1], SIZE[0]))),
        growth=growth(engine, images) if extent.growth else {},
        machine=machine(),
        notes=notes,
        paper=asdict(paper_size(engine.device)),
    )


def _first_notes() -> list[str]:
    """Return what is to be known of a run before it begins."""
    return [*([] if torch.cuda.is_available() else [GPU_NOTE]), *filter(None, [busy_note()])]


def stages_ms(
    found: Comparison, image: NDArray[np.uint8], first_token_ms: float | None, node: NodeFigures | None
) -> dict[str, float | None]:
    """Return each stage's time [ms], from a camera's JPEG to the messages of the answer."""
    _, jpeg = cv2.imencode(".jpg", image)
    decoded = {"decode": median_ms(lambda: cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB))}
    messages = {} if node is None else {"locate": node.locate_ms, "messages": node.message_ms}
    return decoded | found.stages_ms() | {"first_token": first_token_ms} | messages


def first_text_ms(engine: AnnexeEngine, images: Sequence[NDArray[np.uint8]]) -> float | None:
    """Return the median time from a query about a new frame to its first text [ms], if there is text."""
    waits = []
    for image in images:
        times: list[float] = []

        def hear(_: Stage, text: str, times: list[float] = times) -> None:
            times += [perf_counter()] if text else []

        began = perf_counter()
        engine.interpret(fresh(image), queries()[0], Progress(on_text=hear))
        waits += [(times[0] - began) * 1e3] if times else []
    return median(waits) if waits else None


def tokens_per_s(found: Comparison, token_ids: Callable[[str], list[int]]) -> float | None:
    """Return how fast analysis and answer were generated for our first queries, whose frames nobody had seen."""
    speeds = []
    for _, ours in found.replies[::2]:
        duration_ms = sum(latency.ms for latency in ours.latencies if latency.stage in TEXT_STAGES)
        tokens = sum(len(token_ids(text)) for text in (ours.analysis, ours.answer))
        speeds += [tokens / duration_ms * 1e3] if duration_ms and tokens else []
    return median(speeds) if speeds else None


def _node(model: Path, device: str, calls: int, notes: list[str]) -> NodeFigures | None:
    """Measure the node where it can be started, and note it where it can't."""
    root = checkout()
    if root is None:
        notes.append(NO_CHECKOUT_NOTE)
        return None
    try:
        return measure_node(root, model, device, SIZE, calls)
    except EngineError as error:
        notes.append(str(error))
        return None
