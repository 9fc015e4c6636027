"""An engine that answers from a script, at once or as slowly as told: for tests, launch trials and soak trials.

It needs no weights and looks at nothing in the image but its size. It does what every engine promises: stages and words
are reported as they come, cancellation is honoured between words, masks have the frame's size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    Progress,
    Query,
    Role,
    Stage,
    StageLatency,
    role_of,
)
from annexe_ros.core.errors import DatasetFormatError, EngineError

ENGINE_NAME = "scripted"
CENTRE: tuple[float, float, float, float] = (0.375, 0.375, 0.25, 0.25)
PAUSE_STEP_S = 0.01

FAILURES = (EngineError, MemoryError, RuntimeError)
"""What a script can let an engine raise: what it means to, memory that runs out, and a library's own error."""


@dataclass(frozen=True)
class ScriptedTarget:
    """A target whose mask is a rectangle.

    Attributes:
        label: name in the vocabulary.
        box: x, y, width, height as shares of the image's width and height.
        touched_by: hands that touch it.
        score: confidence, 0..1.
    """

    label: str
    box: tuple[float, float, float, float] = CENTRE
    touched_by: Hands = Hands.NONE
    score: float = 1.0


@dataclass(frozen=True)
class ScriptedReply:
    """What is said to one query; no target means that there is none.

    Attributes:
        analysis: description of the interaction.
        targets: what is named and grounded.
        failures: stage -> what the engine raises there.
    """

    analysis: str = "The right hand holds a white mug over the table."
    targets: tuple[ScriptedTarget, ...] = (ScriptedTarget("mug", touched_by=Hands.RIGHT),)
    failures: Mapping[Stage, Exception] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """The targets' names, as every engine joins them."""
        return " and ".join(target.label for target in self.targets) or NO_TARGET_ANSWER


@dataclass(frozen=True)
class Script:
    """Replies by query text (case and white space folded), and how the work goes on.

    Attributes:
        replies: query text -> reply.
        otherwise: the reply to any other query.
        stage_delay_s: time that each stage takes before its first word [s].
        word_delay_s: time that each word of the text takes [s].
        failures: stage -> what the engine raises there, whatever is asked.
    """

    replies: Mapping[str, ScriptedReply] = field(default_factory=dict)
    otherwise: ScriptedReply = ScriptedReply()
    stage_delay_s: float = 0.0
    word_delay_s: float = 0.0
    failures: Mapping[Stage, Exception] = field(default_factory=dict)

    def reply_to(self, query: str) -> ScriptedReply:
        """Return what the script says to a query text."""
        folded = {_folded(text): reply for text, reply in self.replies.items()}
        return folded.get(_folded(query), self.otherwise)

    @classmethod
    def from_file(cls, path: Path) -> Script:
        """Read a script written as JSON, with the names of the attributes as keys (see ``config/script.json``).

        Hands are "left" and "right". A failure is a sentence, told by an ``EngineError``, or the kind of exception and
        its sentence, e.g. ``{"MemoryError": "out of memory"}`` (see ``FAILURES``). Raises ``DatasetFormatError``.
        """
        try:
            return _script(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise DatasetFormatError(path, f"can't be read ({error.strerror})") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DatasetFormatError(path, f"is not a script ({error})") from error


class ScriptedEngine:
    """An ``Interpreter`` that follows a ``Script``."""

    engine = ENGINE_NAME

    def __init__(self, script: Script | None = None, name: str = "default") -> None:
        """Follow ``script``; without one, every query is answered with a mug in the image's centre."""
        self._script = script or Script()
        self._name = name

    @property
    def model(self) -> str:
        """Name of the script."""
        return self._name

    def warm_up(self) -> None:
        """Nothing to do."""

    def interpret(self, frame: Frame, query: Query, progress: Progress | None = None) -> Interpretation:
        """Return the scripted reply; raises ``CancelledError`` or whatever the script says fails."""
        reply = self._script.reply_to(query.text)
        play = _Play(self._script, {**self._script.failures, **reply.failures}, progress or Progress())
        if query.want_analysis:
            play.stage(Stage.ANALYSE, reply.analysis)
        play.stage(Stage.ANSWER, reply.answer)
        if query.want_mask and reply.targets:
            play.stage(Stage.GROUND, "")
        targets = reply.targets
        return Interpretation(
            analysis=reply.analysis if query.want_analysis else "",
            answer=reply.answer,
            has_target=bool(targets),
            target_score=1.0 if targets else 0.0,
            objects=tuple(_object(target, i if query.want_mask else 0) for i, target in enumerate(targets, start=1)),
            label_image=_label_image(targets if query.want_mask else (), frame.height, frame.width),
            engine=self.engine,
            model=self.model,
            latencies=tuple(play.latencies),
        )

    def close(self) -> None:
        """Nothing to give back."""


class _Play:
    """One run of a script: reports, waits and fails as it says."""

    def __init__(
        self,
        script: Script,
        failures: Mapping[Stage, Exception],
        progress: Progress,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._script, self._failures, self._progress, self._clock = script, failures, progress, clock
        self.latencies: list[StageLatency] = []

    def stage(self, stage: Stage, text: str) -> None:
        started = self._clock()
        self._progress.check()
        self._progress.on_text(stage, "")
        self._pause(self._script.stage_delay_s)
        if failure := self._failures.get(stage):
            raise failure.with_traceback(None)  # the same one may be raised often: its traceback must not grow
        for i, word in enumerate(text.split()):
            self._pause(self._script.word_delay_s)
            self._progress.check()
            self._progress.on_text(stage, f" {word}" if i else word)
        self.latencies.append(StageLatency(stage.value, (self._clock() - started) * 1e3))

    def _pause(self, seconds: float) -> None:
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            self._progress.check()
            time.sleep(min(left, PAUSE_STEP_S))


def _object(target: ScriptedTarget, mask_value: int) -> GroundedObject:
    role = role_of(target.label)
    active = bool(target.touched_by) or role in (Role.LEFT_HAND, Role.RIGHT_HAND)
    return GroundedObject(target.label, mask_value, target.score, role, active, target.touched_by)


def _label_image(targets: tuple[ScriptedTarget, ...], height: int, width: int) -> NDArray[np.uint8]:
    """Paint the targets, hands last: they win where masks overlap."""
    labels = np.zeros((height, width), dtype=np.uint8)
    numbered = sorted(enumerate(targets, start=1), key=lambda item: role_of(item[1].label) is not Role.OBJECT)
    for value, target in numbered:
        x, y, w, h = target.box
        labels[round(y * height) : round((y + h) * height), round(x * width) : round((x + w) * width)] = value
    return labels


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _script(data: Mapping[str, Any]) -> Script:
    _refuse_unknown(data, Script)
    return Script(
        replies={text: _reply(reply) for text, reply in data.get("replies", {}).items()},
        otherwise=_reply(data["otherwise"]) if "otherwise" in data else ScriptedReply(),
        stage_delay_s=float(data.get("stage_delay_s", 0.0)),
        word_delay_s=float(data.get("word_delay_s", 0.0)),
        failures=_failures(data),
    )


def _failures(data: Mapping[str, Any]) -> dict[Stage, Exception]:
    return {Stage(stage): _failure(failure) for stage, failure in data.get("failures", {}).items()}


def _failure(data: str | Mapping[str, str]) -> Exception:
    if isinstance(data, str):
        return EngineError(data)
    kinds = {kind.__name__: kind for kind in FAILURES}
    ((name, sentence),) = data.items()
    if name not in kinds:
        raise ValueError(f"unknown failure '{name}'; there are: {', '.join(kinds)}")
    return kinds[name](sentence)


def _reply(data: Mapping[str, Any]) -> ScriptedReply:
    _refuse_unknown(data, ScriptedReply)
    targets = tuple(_target(item) for item in data.get("targets", ()))
    return ScriptedReply(str(data.get("analysis", "")), targets, _failures(data))


def _target(data: Mapping[str, Any]) -> ScriptedTarget:
    _refuse_unknown(data, ScriptedTarget)
    x, y, width, height = (float(share) for share in data.get("box", CENTRE))
    if min(x, y, width, height) < 0 or max(x + width, y + height) > 1:
        raise ValueError(f"box {data['box']} doesn't lie in the unit square")
    hands = Hands.NONE
    for name in data.get("touched_by", ()):
        hands |= Hands[name.upper()]
    return ScriptedTarget(str(data["label"]), (x, y, width, height), hands, float(data.get("score", 1.0)))


def _refuse_unknown(data: Mapping[str, Any], kind: type) -> None:
    known = [item.name for item in fields(kind)]
    for key in data:
        if key not in known:
            raise ValueError(f"unknown key '{key}'; there are: {', '.join(known)}")
