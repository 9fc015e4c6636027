"""Annotates a recording: every frame is read, asked about and written until all are done; a killed run is continued.

One worker is a plain loop: Ray would only add its start, seconds of it, and a copy of every frame. Several workers,
each with an engine and a recording of its own, are Ray Data's: it feeds them, and starts another for one that dies.
Frames that can't be read are skipped and listed. The engine is whatever the caller makes; what it is isn't known here.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from annexe_ros.core import Interpreter, Query
from annexe_ros.core.errors import AnnexeError, BadImageError, DatasetFormatError, EngineError, MissingDependencyError
from annexe_ros.core.geometry import locate
from annexe_ros.data.annotation.parts import annotated, write_part, write_table
from annexe_ros.data.annotation.sources import DEFAULT_TOPICS, Entry, open_frames
from annexe_ros.data.annotation.training_set import FOLDERS, Wordings, frame_records, write_frame
from annexe_ros.data.annotation.view import write_view
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.sampling import draw_queries, image_rng

PARTS, JOB, SKIPPED = "parts", "job.json", "skipped.json"
TABLE, VIEW = "annotations.parquet", "annotations.mcap"
FAILURES_IN_A_ROW = 5
"""So many frames that the engine can't answer mean that it is the engine: the run ends, and goes on another time."""

Follow = Callable[[int, int], None]
MakeInterpreter = Callable[[], Interpreter]


@dataclass(frozen=True)
class Labels:
    """A set in Ego-IRGBench's layout whose questions are asked of the frames of the same names."""

    root: Path
    split: str = "test"
    queries_per_image: int = 6
    seed: int = 0

    def questions(self, id_: str) -> tuple[Wordings, ...]:
        """Return the questions that evaluation draws for an image."""
        records = EgoIrgBench(self.root, self.split).records(id_)
        drawn = draw_queries(records, self.queries_per_image, image_rng(self.seed, id_))
        return tuple((question,) for _, question in drawn)


@dataclass(frozen=True)
class AnnotationPlan:
    """What is annotated, and how.

    Attributes:
        recording: a folder of images, a recording of ours, a bag in MCAP or a video.
        out: the folder to write.
        queries: what is asked of every frame, each in its wordings; not used with ``labels``.
        labels: where the questions come from instead.
        engine: who answers, for the record.
        split: the split of the set that is written.
        every: take every n-th frame.
        min_score: targets below it keep their reply out of the training set.
        workers: engines side by side. gpus: what Ray sets aside for each.
        topics: where a bag has image, depth and camera_info.
    """

    recording: Path
    out: Path
    queries: tuple[Wordings, ...]
    labels: Labels | None = None
    engine: str = ""
    split: str = "train"
    every: int = 1
    min_score: float = 0.0
    workers: int = 1
    gpus: float = 0.0
    topics: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TOPICS))

    def part(self, entry: Entry) -> Path:
        """Return the file that tells that a frame is done."""
        return self.out / PARTS / f"{entry.id}.parquet"

    def facts(self) -> dict[str, Any]:
        """Return what must be the same when a run is continued."""
        labels = None if self.labels is None else {**asdict(self.labels), "root": str(self.labels.root.absolute())}
        return {
            "recording": str(self.recording.absolute()), "queries": [list(ways) for ways in self.queries],
            "labels": labels, "engine": self.engine, "split": self.split, "every": self.every,
            "min_score": self.min_score,
        }  # fmt: skip


class Ending(enum.StrEnum):
    """What came of a frame."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What came of a frame, and why where it wasn't answered."""

    id: str
    ending: Ending
    why: str = ""


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


class Annotator:
    """Reads, asks and writes: an engine and an open recording."""

    def __init__(self, plan: AnnotationPlan, make_interpreter: MakeInterpreter) -> None:
        self._plan, self._frames = plan, open_frames(plan.recording, plan.topics)
        self._interpreter = make_interpreter()

    def __call__(self, entry: Entry) -> Outcome:
        """Annotate one frame; its part is written last."""
        try:
            frame = self._frames.read(entry)
        except (DatasetFormatError, BadImageError) as error:
            return Outcome(entry.id, Ending.SKIPPED, str(error))
        plan = self._plan
        wordings = plan.queries if plan.labels is None else plan.labels.questions(entry.id)
        queries = [Query(ways[0]) for ways in wordings]
        try:
            replies = [locate(self._interpreter.interpret(frame, query), frame) for query in queries]
        except AnnexeError as error:
            return Outcome(entry.id, Ending.FAILED, str(error))
        records, mask = frame_records(entry.id, replies, wordings, plan.min_score)
        write_frame(plan.out, plan.split, entry.id, frame, records, mask)
        write_part(plan.part(entry), annotated(entry, frame, [query.text for query in queries], replies))
        return Outcome(entry.id, Ending.DONE)

    def close(self) -> None:
        """Give engine and files back."""
        self._interpreter.close()
        self._frames.close()


def annotate(
    plan: AnnotationPlan, make_interpreter: MakeInterpreter, progress: Follow | None = None
) -> AnnotationSummary:
    """Annotate what isn't done yet, then write table and MCAP of all frames that are.

    ``make_interpreter`` is called by each worker, in its process. Raises ``DatasetFormatError`` for a recording or
    folder that can't be used, ``EngineError`` when the engine answers no frame any more; what is done stays done.
    """
    entries = _entries(plan)
    _begin(plan)
    waiting = [entry for entry in entries if not plan.part(entry).is_file()]
    outcomes: list[Outcome] = []
    run = _side_by_side if plan.workers > 1 and len(waiting) > 1 else _in_a_row
    for outcome in run(plan, make_interpreter, waiting) if waiting else ():
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
    """Make the folders; raise ``DatasetFormatError`` where they hold what another plan began."""
    facts, job = plan.facts(), plan.out / JOB
    try:
        for name in (*FOLDERS, PARTS, f"dataset_split/{plan.split}"):
            (plan.out / name).mkdir(parents=True, exist_ok=True)
        before = json.loads(job.read_text(encoding="utf-8")) if job.is_file() else facts
        job.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DatasetFormatError(plan.out, f"can't hold annotations ({error.strerror})") from error
    except ValueError as error:
        raise DatasetFormatError(job, f"is not JSON ({error})") from error
    if differing := [name for name, value in facts.items() if before.get(name) != value]:
        job.write_text(json.dumps(before, indent=1) + "\n", encoding="utf-8")
        raise DatasetFormatError(plan.out, f"was begun with other {', '.join(differing)}; choose another folder")


def _in_a_row(plan: AnnotationPlan, make_interpreter: MakeInterpreter, entries: Sequence[Entry]) -> Iterator[Outcome]:
    annotator = Annotator(plan, make_interpreter)
    try:
        yield from map(annotator, entries)
    finally:
        annotator.close()


class _RayAnnotator:
    """An ``Annotator`` that speaks in rows, for Ray Data."""

    def __init__(self, plan: AnnotationPlan, make_interpreter: MakeInterpreter) -> None:
        self._annotator = Annotator(plan, make_interpreter)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        outcome = self._annotator(Entry(**row))
        return {"id": outcome.id, "ending": outcome.ending.value, "why": outcome.why}


def _side_by_side(
    plan: AnnotationPlan, make_interpreter: MakeInterpreter, entries: Sequence[Entry]
) -> Iterator[Outcome]:
    try:
        import ray.data
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"'{error.name}', which workers need,", "pip install 'annexe-ros[serve]'"
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.from_items([vars(entry) for entry in entries], override_num_blocks=len(entries))
    answered = rows.map(
        _RayAnnotator,
        fn_constructor_args=(plan, make_interpreter),
        compute=ray.data.ActorPoolStrategy(size=min(plan.workers, len(entries))),
        num_gpus=plan.gpus or None,
    )
    for row in answered.iter_rows():
        yield Outcome(row["id"], Ending(row["ending"]), row["why"])


def _check_engine(outcomes: Sequence[Outcome]) -> None:
    last = outcomes[-FAILURES_IN_A_ROW:]
    if len(last) == FAILURES_IN_A_ROW and all(outcome.ending is Ending.FAILED for outcome in last):
        raise EngineError(f"the engine failed at {len(last)} frames in a row, last: {last[-1].why}")


def _finish(plan: AnnotationPlan, entries: Sequence[Entry], summary: AnnotationSummary) -> None:
    """Write what covers all frames that are done, and the list of those that are not."""
    parts = [plan.part(entry) for entry in entries if plan.part(entry).is_file()]
    write_table(plan.out / TABLE, parts)
    write_view(plan.out / VIEW, plan.out, parts)
    listed = {
        ending.value: [{"id": outcome.id, "why": outcome.why} for outcome in summary.ended(ending)]
        for ending in (Ending.SKIPPED, Ending.FAILED)
    }
    (plan.out / SKIPPED).write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
