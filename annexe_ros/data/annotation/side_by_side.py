"""Several workers, each with an engine and a recording of its own: Ray Data feeds them and replaces one that dies."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from annexe_ros.core.errors import EngineError, MissingDependencyError, ParameterError
from annexe_ros.data.annotation.annotator import Annotator, Ending, MakeInterpreter, Outcome
from annexe_ros.data.annotation.plan import AnnotationPlan
from annexe_ros.data.annotation.sources import Entry

DEATHS = 3
"""So often a worker may die and begin anew; a frame that kills whoever looks at it would keep it dying for ever."""

OBJECT_STORE_BYTES = 100_000_000
"""Only names of frames and what came of them go between processes."""


def annotate_side_by_side(
    plan: AnnotationPlan, make_interpreter: MakeInterpreter, entries: Sequence[Entry]
) -> Iterator[Outcome]:
    """Yield what came of the frames, in the order in which they are done.

    A Ray that this process has joined already is used, else the cluster that ``RAY_ADDRESS`` names, whose machines must
    see recording and folder at the same paths; without either, one is started here and ends with the run. Raises
    ``MissingDependencyError`` without Ray, ``ParameterError`` for GPUs that aren't there, ``EngineError`` where workers
    can't begin or die again and again.
    """
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"'{error.name}', which workers need,", "pip install 'annexe-ros[serve]'"
        ) from error
    workers = min(plan.workers, len(entries))
    try:
        with _joined(ray, workers):
            _check_gpus(workers, plan.gpus, ray.cluster_resources().get("GPU", 0.0))
            for row in _answered(ray.data, plan, make_interpreter, entries, workers):
                yield Outcome(row["id"], Ending(row["ending"]), row["why"])
    except ray.exceptions.RayError as error:
        raise EngineError(f"a worker failed: {_last_line(error)}") from error


class _Worker:
    """An ``Annotator`` that speaks in rows."""

    def __init__(self, plan: AnnotationPlan, make_interpreter: MakeInterpreter) -> None:
        self._annotator = Annotator(plan, make_interpreter)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        outcome = self._annotator(Entry(**row))
        return {"id": outcome.id, "ending": outcome.ending.value, "why": outcome.why}


def _answered(
    data: Any, plan: AnnotationPlan, make_interpreter: MakeInterpreter, entries: Sequence[Entry], workers: int
) -> Iterator[dict[str, Any]]:
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    rows = data.from_items([vars(entry) for entry in entries], override_num_blocks=len(entries))
    answered = rows.map(
        _Worker,
        fn_constructor_args=(plan, make_interpreter),
        compute=data.ActorPoolStrategy(size=workers),
        num_gpus=plan.gpus or None,
        max_restarts=DEATHS,
        max_task_retries=DEATHS,
    )
    yield from answered.iter_rows()


@contextmanager
def _joined(ray: Any, workers: int) -> Iterator[None]:
    """Join a Ray unless this process has; a Ray that is started here has room for the workers, and ends."""
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "warning"}
    if address := os.environ.get("RAY_ADDRESS", ""):
        quiet |= {"address": address}
    else:
        own = {"address": "local", "num_cpus": workers + 1, "include_dashboard": False}
        quiet |= own | {"object_store_memory": OBJECT_STORE_BYTES}
    try:
        ray.init(**quiet)
    except Exception as error:  # Ray raises any kind for a cluster that isn't there or doesn't start
        raise EngineError(f"Ray can't be started or reached: {' '.join(str(error).split())}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_gpus(workers: int, share: float, there: float) -> None:
    """Raise ``ParameterError`` for more GPUs than there are, for which Ray would wait for ever."""
    if workers * share > there:
        raise ParameterError(
            f"{workers} workers with {share:g} GPU each need {workers * share:g}, Ray has {there:g} here"
        )


def _last_line(error: Exception) -> str:
    """Return what the innermost error says; Ray puts tracebacks in front of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].removeprefix("annexe_ros.core.errors.") if lines else type(error).__name__
