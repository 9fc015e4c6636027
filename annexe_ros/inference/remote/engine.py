"""The engine ``remote``: an ``Interpreter`` whose work is done by a server that ``annexe serve`` runs elsewhere.

It needs no weights and no PyTorch. A server that is gone costs a query its tries and one clear sentence; the next query
tries anew, so that answers return with the server. Boxes in 3D are made on this side, from depth that needn't travel.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from annexe_ros.core import Frame, Interpretation, Progress, Query, Stage, StageLatency
from annexe_ros.core.errors import (
    AccessDeniedError,
    AnnexeError,
    BadImageError,
    BusyError,
    CancelledError,
    EngineError,
    InvalidQueryError,
    QueryTimeoutError,
    ServerUnavailableError,
    Status,
    WireFormatError,
)
from annexe_ros.inference.remote.exchange import Answer, Server
from annexe_ros.inference.remote.pictures import Encoding
from annexe_ros.inference.remote.settings import RemoteSettings
from annexe_ros.inference.remote.wire import RemoteQuery, decode_reply, encode_query, read_json

ENGINE_NAME = "remote"
INTERPRET, DESCRIBE = "/interpret", "/describe"
ROUND_TRIP = "round trip"
UNAUTHORISED = 401

_BY_SENTENCE: dict[int, type[AnnexeError]] = {
    Status.INVALID_QUERY: InvalidQueryError,
    Status.BAD_IMAGE: BadImageError,
}
"""Errors of the server that are told again in its own words."""


class RemoteEngine:
    """``Interpreter`` over a server; also a ``GazeAnswerer``.

    Args:
        settings: how it is reached.

    Raises ``ParameterError`` for a token that isn't to be had. Nothing is connected yet: a robot may start before its
    server does.
    """

    def __init__(self, settings: RemoteSettings) -> None:
        self._settings, self._server = settings, Server(settings)
        self._model = settings.url

    @classmethod
    def from_model(cls, model: str | Path) -> RemoteEngine:
        """Make the engine from what the parameter ``model`` says: a YAML with settings, or just the server's URL."""
        if str(model).startswith(("http://", "https://")):
            return cls(RemoteSettings(url=str(model)))
        return cls(RemoteSettings.from_file(model))

    @property
    def engine(self) -> str:
        """Kind of engine."""
        return ENGINE_NAME

    @property
    def model(self) -> str:
        """What the server runs, or its URL as long as it hasn't been reached."""
        return self._model

    def warm_up(self) -> None:
        """Ask the server what it runs; that it is still gone is told by the first query. Raises ``AnnexeError``."""
        try:
            answer = self._server.ask("GET", DESCRIBE, b"", lambda: False, retries=0)
        except (ServerUnavailableError, QueryTimeoutError):
            return
        self._check(answer)
        self._model = _described(answer.body)

    def interpret(self, frame: Frame, query: Query, progress: Progress = Progress()) -> Interpretation:  # noqa: B008
        """Let the server analyse, answer and ground.

        Raises what the engine over there raised, ``ServerUnavailableError``, ``AccessDeniedError``,
        ``QueryTimeoutError`` or ``CancelledError``.
        """
        progress.check()
        began, settings = time.perf_counter(), self._settings
        work = RemoteQuery(frame, query, settings.robot_name, settings.timeout_s)
        body = encode_query(work, Encoding(settings.image_encoding), settings.jpeg_quality, settings.send_depth)
        answer = self._server.ask("POST", INTERPRET, body, progress.cancelled, settings.retries)
        self._check(answer)
        reply = decode_reply(answer.body, frame.width, frame.height)
        self._model = f"{reply.engine} {reply.model}"
        _report(reply, progress)
        trip = StageLatency(ROUND_TRIP, (time.perf_counter() - began) * 1000)
        return replace(reply, engine=ENGINE_NAME, model=self._model, latencies=(*reply.latencies, trip))

    def interpret_gaze(self, frame: Frame, query: Query, progress: Progress = Progress()) -> Interpretation:  # noqa: B008
        """Let the server find out what is looked at, in one trip; raises what ``interpret`` raises."""
        return self.interpret(frame, query, progress)

    def close(self) -> None:
        """Nothing to give back: every query has a connection of its own."""

    def _check(self, answer: Answer) -> None:
        """Raise what the server's refusal means."""
        if answer.status == UNAUTHORISED:
            raise AccessDeniedError(self._settings.url)
        if answer.status >= 400:
            raise _told(answer, self._settings)


def _told(answer: Answer, settings: RemoteSettings) -> AnnexeError:
    """Return the error that a refusal tells."""
    status, said = answer.error.get("status"), answer.error.get("message")
    message = said if isinstance(said, str) else f"HTTP status {answer.status}"
    match status:
        case Status.BUSY:
            return BusyError(_count(answer.error, "waiting"))
        case Status.TIMEOUT:
            return QueryTimeoutError(settings.timeout_s)
        case Status.CANCELLED:
            return CancelledError()
        case int() if status in _BY_SENTENCE:
            return _BY_SENTENCE[status](message)
    return EngineError(f"server {settings.url}: {message}")


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0


def _described(body: bytes) -> str:
    """Return the server's engine and model; raises ``WireFormatError``."""
    try:
        said = read_json(body)
        return f"{said['engine']} {said['model']}"
    except (ValueError, TypeError, KeyError) as error:
        raise WireFormatError("the server's description names no engine and model") from error


def _report(reply: Interpretation, progress: Progress) -> None:
    """Tell the caller the texts, which come as a whole."""
    for stage, text in ((Stage.ANALYSE, reply.analysis), (Stage.ANSWER, reply.answer)):
        if text:
            progress.on_text(stage, "")
            progress.on_text(stage, text)
    if reply.objects:
        progress.on_text(Stage.GROUND, "")
