"""Annotates a recording: every frame is read, asked about and written until all are done; a killed run is continued.

One worker is a plain loop: Ray would only add its start, seconds of it, and a copy of every frame. Frames that can't be
read are skipped and listed. The engine is whatever the caller makes; what it is isn't known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError, EngineError
from annexe_ros.data.annotation.annotator import Annotator, Ending, MakeInterpreter, Outcome
from annexe_ros.data.annotation.as_recording import write_recording_index
from annexe_ros.data.annotation.parts import write_table
from annexe_ros.data.annotation.plan import JOB, PARTS, SKIPPED, TABLE, VIEW, AnnotationPlan
from annexe_ros.data.annotation.sources import Entry, open_frames
from annexe_ros.data.annotation.training_set import FOLDERS
from annexe_ros.data.annotation.view import check_view_can_be_written, write_view
from annexe_ros.data.begun import differing, write_facts
from annexe_ros.data.ego_irgbench import EgoIrgBench, check_split
from annexe_ros.data.whole import whole

FAILURES_IN_A_ROW = 5
"""So many frames that the engine can't answer mean that it is the engine: the run ends, and goes on another time."""

Follow = Callable[[int, int], None]


@dataclass(frozen=True)
class AnnotationSummary:
    """What a run did.

    Attributes:
        frames: how many there were to do.
        kept: ids of those that an earlier run had done.
        outcomes: of the others.
    """

    frames: int
    kept: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    def ended(self, ending: Ending) -> list[Outcome]:
        """Return the outcomes of one kind."""
        return [outcome for outcome in self.outcomes if outcome.ending is ending]


def annotate(
    plan: AnnotationPlan, make_interpreter: MakeInterpreter, progress: Follow | None = None
) -> AnnotationSummary:
    """Annotate what isn't done yet, then write table and MCAP of all frames that are.

    ``make_interpreter`` is called by each worker, in its process. Raises ``DatasetFormatError`` for a recording, folder
    or split that can't be used, ``MissingDependencyError`` before anything is done, and ``EngineError`` when the engine
    answers no frame any more; what is done stays done.
    """
    check_split(plan.out, plan.split)
    check_view_can_be_written()
    entries = _entries(plan)
    _begin(plan)
    waiting = [entry for entry in entries if not plan.part(entry).is_file()]
    outcomes: list[Outcome] = []
    for outcome in _outcomes(plan, make_interpreter, waiting):
        outcomes.append(outcome)
        if progress:
            progress(len(entries) - len(waiting) + len(outcomes), len(entries))
        _check_engine(outcomes)
    missing = {entry.id for entry in waiting}
    kept = tuple(entry.id for entry in entries if entry.id not in missing)
    summary = AnnotationSummary(len(entries), kept, tuple(outcomes))
    _finish(plan, entries, summary)
    return summary


def _entries(plan: AnnotationPlan) -> list[Entry]:
    frames = open_frames(plan.recording, plan.topics)
    entries = list(frames.entries[:: plan.every])
    frames.close()
    if plan.labels is not None:
        labelled = set(EgoIrgBench(plan.labels.root, plan.labels.split).ids)
        entries = [entry for entry in entries if entry.id in labelled]
        if not entries:
            raise DatasetFormatError(plan.recording, f"has no frame of a name that {plan.labels.root} has labels for")
    return entries


def _begin(plan: AnnotationPlan) -> None:
    """Make the folders; raise ``DatasetFormatError`` where they hold what another plan, or somebody else, began."""
    facts, job = plan.facts(), plan.out / JOB
    try:
        if job.is_file():
            if others := differing(job, facts):
                raise DatasetFormatError(plan.out, f"was begun with other {', '.join(others)}; choose another folder")
        elif occupied := [name for name in FOLDERS if (plan.out / name).exists()]:
            raise DatasetFormatError(plan.out, f"has {', '.join(occupied)} of something else; choose another folder")
        else:
            plan.out.mkdir(parents=True, exist_ok=True)
            write_facts(job, facts)
        for name in (*FOLDERS, PARTS, f"dataset_split/{plan.split}"):
            (plan.out / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFormatError(plan.out, f"can't hold annotations ({error.strerror})") from error


def _outcomes(plan: AnnotationPlan, make_interpreter: MakeInterpreter, entries: Sequence[Entry]) -> Iterator[Outcome]:
    """Annotate the frames and yield what came of each."""
    if not entries:
        return
    if plan.workers > 1 and len(entries) > 1:
        from annexe_ros.data.annotation.side_by_side import annotate_side_by_side

        yield from annotate_side_by_side(plan, make_interpreter, entries)
        return
    annotator = Annotator(plan, make_interpreter)
    try:
        yield from map(annotator, entries)
    finally:
        annotator.close()


def _check_engine(outcomes: Sequence[Outcome]) -> None:
    last = outcomes[-FAILURES_IN_A_ROW:]
    if len(last) == FAILURES_IN_A_ROW and all(outcome.ending is Ending.FAILED for outcome in last):
        raise EngineError(f"the engine failed at {len(last)} frames in a row, last: {last[-1].why}")


def _finish(plan: AnnotationPlan, entries: Sequence[Entry], summary: AnnotationSummary) -> None:
    """Write what covers all frames that are done, and the list of those that are not."""
    parts = [plan.part(entry) for entry in entries if plan.part(entry).is_file()]
    write_table(plan.out / TABLE, parts)
    write_recording_index(plan.out, plan.out / TABLE)
    write_view(plan.out / VIEW, plan.out, parts)
    listed = {
        ending.value: [{"id": outcome.id, "why": outcome.why} for outcome in summary.ended(ending)]
        for ending in (Ending.SKIPPED, Ending.FAILED)
    }
    _write_json(plan.out / SKIPPED, listed)


def _write_json(path: Path, content: object) -> None:
    with whole(path) as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
