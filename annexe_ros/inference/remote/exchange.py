"""HTTP to the server: one try, and tries with pauses between them until there is an answer or the time is over.

A query changes nothing on the server, so that asking again is harmless. Each try has a thread of its own, because the
caller must be able to walk away while the network keeps it waiting. What is said in the messages isn't known here.
"""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from annexe_ros.core.errors import CancelledError, ParameterError, QueryTimeoutError, ServerUnavailableError
from annexe_ros.inference.remote.settings import RemoteSettings
from annexe_ros.inference.remote.wire import CONTENT_TYPE, read_json

POLL_S = 0.02
"""Time between looks whether the caller still wants an answer [s]."""

FAILURES = OSError, HTTPException, ValueError
"""What a try ends with; ValueError: names that can't be hosts, characters that no request can hold."""

MAX_REPLY_BYTES = 64 << 20
BUSY = 429


@dataclass(frozen=True)
class Answer:
    """What came back: ``body`` as it was sent, ``error`` the server's own account where it refused, else empty."""

    status: int
    body: bytes
    error: dict[str, Any]

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered a moment later: the server is busy, or it was not it that spoke."""
        return self.status == BUSY or (self.status >= 500 and not self.error)


@dataclass(frozen=True)
class _Call:
    """One try: its connection, the answer to be, and whether nobody waits for that any more."""

    connection: HTTPConnection
    answer: Future[Answer]
    abandoned: Event

    def hang_up(self) -> None:
        """Let the server see that nobody waits any more; one that isn't connected yet will be asked nothing."""
        self.abandoned.set()
        sock = self.connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


class Server:
    """Where queries go, seen from the robot."""

    def __init__(self, settings: RemoteSettings) -> None:
        """Connect to nothing yet; raises ``ParameterError`` for a token or certificates that aren't to be had."""
        self._settings, parts = settings, urlsplit(settings.url)
        self._place = parts.hostname or "", parts.port
        self._prefix = parts.path.rstrip("/")
        self._tls = _trusting(settings.ca_file) if parts.scheme == "https" else None
        token = settings.token()
        self._headers = {"Content-Type": CONTENT_TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method: str, path: str, body: bytes, cancelled: Callable[[], bool], retries: int) -> Answer:
        """Return the server's answer.

        Raises ``ServerUnavailableError`` when no try reached it, ``QueryTimeoutError`` past the settings' time and
        ``CancelledError``. A busy server's last word is returned as it is.
        """
        began, why = time.monotonic(), ""
        for attempt, pause in enumerate(_pauses(self._settings, retries)):
            _sleep(pause, began + self._settings.timeout_s, cancelled)
            left = began + self._settings.timeout_s - time.monotonic()
            if left <= 0:
                break
            try:
                answer = self._try(method, path, body, left, cancelled)
            except FAILURES as error:
                why = str(error) or type(error).__name__
                continue
            if not answer.passing or (answer.status == BUSY and attempt == retries):
                return answer
            why = f"HTTP status {answer.status}"
        if time.monotonic() - began >= self._settings.timeout_s:
            raise QueryTimeoutError(self._settings.timeout_s)
        raise ServerUnavailableError(self._settings.url, why, retries + 1)

    def _try(self, method: str, path: str, body: bytes, left: float, cancelled: Callable[[], bool]) -> Answer:
        """Return the answer to one try; raises one of ``FAILURES`` or ``CancelledError``."""
        call = _Call(self._connection(left), Future(), Event())
        deadline = time.monotonic() + left
        Thread(target=self._converse, args=(call, method, path, body, left), daemon=True).start()
        while not wait([call.answer], POLL_S).done:
            if cancelled():
                call.hang_up()
                raise CancelledError
            if time.monotonic() > deadline:  # a socket's own limit begins anew with every piece that arrives
                call.hang_up()
                raise TimeoutError("the reply was not complete in time")
        return call.answer.result()

    def _converse(self, call: _Call, method: str, path: str, body: bytes, left: float) -> None:
        connection, future = call.connection, call.answer
        try:
            connection.connect()
            if call.abandoned.is_set():
                return
            connection.sock.settimeout(left)
            connection.request(method, self._prefix + path, body, self._headers)
            response = connection.getresponse()
            data = response.read(MAX_REPLY_BYTES + 1)
            if len(data) > MAX_REPLY_BYTES:
                raise HTTPException(f"the reply has more than {MAX_REPLY_BYTES} bytes")
            if response.length:  # read() with a limit doesn't say that the connection broke off
                raise IncompleteRead(data, response.length)
            answer = Answer(response.status, data, _account(response.status, data))
        except FAILURES as error:
            future.set_exception(error)
        else:
            future.set_result(answer)
        finally:
            connection.close()

    def _connection(self, left: float) -> HTTPConnection:
        timeout_s = min(left, self._settings.connect_timeout_s)
        if self._tls:
            return HTTPSConnection(*self._place, timeout=timeout_s, context=self._tls)
        return HTTPConnection(*self._place, timeout=timeout_s)


def _pauses(settings: RemoteSettings, retries: int) -> Iterator[float]:
    """Yield the pause before each try [s]: none, then doubling, scattered so that robots don't come back in step."""
    yield 0.0
    for number in range(retries):
        yield min(settings.backoff_limit_s, settings.backoff_s * 2**number) * random.uniform(0.5, 1.0)


def _sleep(seconds: float, deadline: float, cancelled: Callable[[], bool]) -> None:
    """Wait, at most until ``deadline``; raises ``CancelledError``."""
    end = min(time.monotonic() + seconds, deadline)
    while True:
        if cancelled():
            raise CancelledError
        if (left := end - time.monotonic()) <= 0:
            return
        time.sleep(min(left, POLL_S))


def _account(status: int, data: bytes) -> dict[str, Any]:
    """Return what the server says about a refusal; empty where it isn't ours, e.g. a proxy's page."""
    if status < 400:
        return {}
    try:
        said = read_json(data)
    except ValueError:
        return {}
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise ParameterError(f"ca_file '{ca_file}' can't be used ({error})") from error
