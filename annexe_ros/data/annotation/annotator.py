"""What is done with one frame: it is read, asked about and written. Which frames there are isn't known here."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from annexe_ros.core import Interpreter, Query
from annexe_ros.core.errors import AnnexeError, BadImageError, DatasetFormatError
from annexe_ros.core.geometry import locate
from annexe_ros.data.annotation.parts import annotated, write_part
from annexe_ros.data.annotation.plan import AnnotationPlan
from annexe_ros.data.annotation.sources import Entry, open_frames
from annexe_ros.data.annotation.training_set import frame_records, write_frame

MakeInterpreter = Callable[[], Interpreter]


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
        except Exception as error:  # a library's own, e.g. memory that ran out; the other frames go on
            return Outcome(entry.id, Ending.FAILED, f"{type(error).__name__}: {error}")
        records, mask = frame_records(entry.id, replies, wordings, plan.min_score)
        write_frame(plan.out, plan.split, entry.id, frame, records, mask)
        write_part(plan.part(entry), annotated(entry, frame, [query.text for query in queries], replies))
        return Outcome(entry.id, Ending.DONE)

    def close(self) -> None:
        """Give engine and files back."""
        self._interpreter.close()
        self._frames.close()
