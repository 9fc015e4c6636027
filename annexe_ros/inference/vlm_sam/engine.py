"""Analyse, answer and ground with a model that speaks and one that segments: the engines ``vlm_sam`` and ``openai``.

Knows the order of the work and what an ``Interpretation`` is; neither tensors nor servers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    Interpretation,
    Progress,
    Query,
    Stage,
    StageLatency,
)
from annexe_ros.core.errors import EngineError
from annexe_ros.inference.vlm_sam.composition import Scene, compose, named
from annexe_ros.inference.vlm_sam.grounding import Grounder
from annexe_ros.inference.vlm_sam.language import LanguageModel, Narration, Turn
from annexe_ros.inference.vlm_sam.prompts import analysis_turns, answer_turns, repair_turns
from annexe_ros.inference.vlm_sam.reply import FORM, Agreement, NamedBox, Reply, ReplyError, answer_so_far, read_reply
from annexe_ros.inference.vlm_sam.settings import DialogueSettings

NAME_SEPARATOR = " and "
FRAMES_KEPT = 4
"""Frames whose analysis is kept for follow-up queries: one each of several cameras."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """What was said of a frame: follow-up queries don't ask again."""

    frame: Frame
    analysis: str


@dataclass
class _Work:
    """One query on its way."""

    frame: Frame
    query: Query
    progress: Progress
    latencies: list[StageLatency] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Narration]:
        """Begin a stage and take its time."""
        began = time.perf_counter()
        yield Narration(stage, self.progress)
        self.latencies.append(StageLatency(stage.value, (time.perf_counter() - began) * 1e3))


class DialogueEngine:
    """An ``Interpreter`` that asks a ``LanguageModel`` and grounds what it names with a ``Grounder``."""

    def __init__(self, engine: str, language: LanguageModel, grounder: Grounder, settings: DialogueSettings) -> None:
        """Put the parts together; ``engine`` is the kind under which it answers."""
        self._engine, self._language, self._grounder, self._settings = engine, language, grounder, settings
        self._seen: list[_Seen] = []

    @property
    def engine(self) -> str:
        """Kind of engine."""
        return self._engine

    @property
    def model(self) -> str:
        """Name of the language model."""
        return self._language.name

    def warm_up(self) -> None:
        """Let both models see a grey image once."""
        grey = Frame(np.full((240, 320, 3), 128, dtype=np.uint8))
        self._language.warm_up(grey)
        self._grounder.ground(grey, [NamedBox("hand", (80.0, 60.0, 240.0, 180.0))], Progress().check)

    def interpret(self, frame: Frame, query: Query, progress: Progress = Progress()) -> Interpretation:  # noqa: B008
        """Analyse, answer and ground one query.

        Raises ``CancelledError`` between tokens and stages, and ``EngineError`` when the language model's answer can't
        be read even after it was asked for a correction.
        """
        work = _Work(frame, query, progress)
        analysis = self._analyse(work) if query.want_analysis else ""
        reply = self._answer(work, analysis)
        scene = self._ground(work, reply)
        objects = scene.objects
        return Interpretation(
            analysis=analysis,
            answer=NAME_SEPARATOR.join(target.label for target in objects) or NO_TARGET_ANSWER,
            has_target=bool(objects),
            target_score=float(bool(objects)),  # it is said or not; how sure that is isn't known
            objects=objects,
            label_image=scene.label_image,
            engine=self._engine,
            model=self.model,
            latencies=tuple(work.latencies),
            notes=(*work.notes, *scene.notes),
        )

    def release_device(self) -> None:
        """Give the accelerator's memory back."""
        self._language.release_device()
        self._grounder.release_device()

    def claim_device(self) -> None:
        """Undo ``release_device``."""
        self._language.claim_device()
        self._grounder.claim_device()

    def close(self) -> None:
        """Free both models."""
        self._seen.clear()
        self._language.close()
        self._grounder.close()

    def _analyse(self, work: _Work) -> str:
        with work.stage(Stage.ANALYSE) as narration:
            analysis = next((seen.analysis for seen in self._seen if seen.frame is work.frame), None)
            if analysis is not None:
                narration.tell(analysis)
                return analysis
            said = self._language.say(work.frame, analysis_turns(), narration.tell, work.progress.check)
            self._seen = [*self._seen[1 - FRAMES_KEPT :], _Seen(work.frame, " ".join(said.split()))]
            return self._seen[-1].analysis

    def _answer(self, work: _Work, analysis: str) -> Reply:
        """Return the reply as it was agreed, if need be at the second attempt."""
        frame, extent = work.frame, self._language.box_extent(work.frame)
        size = (frame.width, frame.height)
        settings = self._settings
        turns = answer_turns(work.query, analysis, extent, size, settings.vocabulary, settings.max_targets)
        agreed = Agreement(extent, size, settings.vocabulary, settings.max_targets)
        with work.stage(Stage.ANSWER) as narration:
            text = self._ask(work, turns, narration)
            try:
                return read_reply(text, agreed)
            except ReplyError as error:
                work.notes.append(f"the language model's first answer was refused: {error}")
                turns = repair_turns(turns, text, str(error))
            try:
                return read_reply(self._ask(work, turns, narration), agreed)
            except ReplyError as error:
                raise EngineError(f"{self.model} gave no usable answer, twice: {error}") from error

    def _ask(self, work: _Work, turns: list[Turn], narration: Narration) -> str:
        def listen(text: str) -> None:
            narration.tell(answer_so_far(text))

        return self._language.say(work.frame, turns, listen, work.progress.check, FORM)

    def _ground(self, work: _Work, reply: Reply) -> Scene:
        if not work.query.want_mask or not reply.targets:
            return named(work.frame, reply)
        with work.stage(Stage.GROUND):
            return compose(work.frame, work.query, reply, self._grounder, work.progress.check, self._settings.hand_side)
