"""The engine ``remote`` against a small HTTP server: gone, back, busy, slow, and the same errors as over there."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from http.client import HTTPConnection
from threading import Event, Thread, Timer

import numpy as np
import pytest
from replica_server import listening, scripted

from annexe_ros.core import Frame, Progress, Query, Stage
from annexe_ros.core.errors import (
    AccessDeniedError,
    BadImageError,
    BusyError,
    CancelledError,
    EngineError,
    MissingDependencyError,
    ParameterError,
    QueryTimeoutError,
    ServerUnavailableError,
    WireFormatError,
)
from annexe_ros.inference import create_engine
from annexe_ros.inference.remote.engine import RemoteEngine
from annexe_ros.inference.remote.gate import Refusal
from annexe_ros.inference.remote.settings import RemoteSettings

pytestmark = pytest.mark.engines
FRAME = Frame(np.full((24, 32, 3), 90, np.uint8))
QUICK = {"retries": 2, "backoff_s": 0.05, "timeout_s": 5.0}


def engine(port, **settings):
    return RemoteEngine(RemoteSettings(f"http://127.0.0.1:{port}", robot="atlas", **{**QUICK, **settings}))


def test_a_query_is_answered_and_its_texts_are_reported():
    told = []
    with listening(scripted) as (port, _):
        remote = engine(port)
        reply = remote.interpret(FRAME, Query("What?"), Progress(on_text=lambda *what: told.append(what)))
    assert (reply.engine, reply.model, remote.model) == ("remote", "scripted default", "scripted default")
    assert reply.answer == "mug"
    assert told[:4] == [
        (Stage.ANALYSE, ""), (Stage.ANALYSE, reply.analysis), (Stage.ANSWER, ""), (Stage.ANSWER, "mug"),
    ]  # fmt: skip


def test_a_server_that_is_gone_is_told_and_answers_return_with_it():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    remote = engine(port)
    remote.warm_up()
    began = time.monotonic()
    with pytest.raises(ServerUnavailableError, match=r"did not answer in 3 tries \(.*refused\); the next query tries"):
        remote.interpret(FRAME, Query("What?"))
    assert 0.05 < time.monotonic() - began < 2
    with listening(scripted, port):
        assert remote.interpret(FRAME, Query("What?")).answer == "mug"


def test_a_server_that_starts_late_is_waited_for():
    answers = iter([(502, b"<html>"), (500, b"Internal Server Error"), None])
    with listening(lambda body: next(answers) or scripted(body)) as (port, seen):
        assert engine(port).interpret(FRAME, Query("What?")).answer == "mug"
    assert len(seen) == 3


def test_a_refusal_that_is_only_brackets_is_no_account_and_the_query_is_tried_again():
    answers = iter([(500, b"[" * 100_000), None])
    with listening(lambda body: next(answers) or scripted(body)) as (port, seen):
        assert engine(port).interpret(FRAME, Query("What?")).answer == "mug"
    assert len(seen) == 2


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{}"])
def test_a_description_that_is_none_is_refused(body):
    with listening(lambda _: (200, body)) as (port, _), pytest.raises(WireFormatError, match="names no engine"):
        engine(port).warm_up()


def test_a_busy_server_is_asked_again_and_its_last_word_is_told():
    refusal = Refusal.of(BusyError(7))
    with listening(lambda _: (refusal.http_status, refusal.body)) as (port, seen):
        with pytest.raises(BusyError, match="7 queries are waiting"):
            engine(port).interpret(FRAME, Query("What?"))
        assert len(seen) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadImageError("too dark"), BadImageError),
        (EngineError("no memory"), EngineError),
        (QueryTimeoutError(5.0), QueryTimeoutError),
        (WireFormatError("short"), EngineError),
    ],
)
def test_what_goes_wrong_over_there_is_told_here(error, kind):
    refusal = Refusal.of(error)
    with listening(lambda _: (refusal.http_status, refusal.body)) as (port, seen):
        with pytest.raises(kind) as told:
            engine(port).interpret(FRAME, Query("What?"))
        assert len(seen) == 1
    assert str(error) in str(told.value)


def test_the_token_goes_along_and_its_refusal_is_told(monkeypatch):
    monkeypatch.setenv("ANNEXE_TEST_TOKEN", "secret")
    refused = pytest.raises(AccessDeniedError, match="refused the token")
    with listening(lambda _: (401, Refusal.saying(401, "no").body)) as (port, seen), refused:
        engine(port, token_env="ANNEXE_TEST_TOKEN").warm_up()
    assert seen[0]["Authorization"] == "Bearer secret"


def test_a_query_can_be_taken_back_while_the_server_works():
    release = Event()
    with listening(lambda _: (release.wait(5), (500, b""))[1]) as (port, _):
        gone = Event()
        Timer(0.1, gone.set).start()
        began = time.monotonic()
        with pytest.raises(CancelledError):
            engine(port).interpret(FRAME, Query("What?"), Progress(cancelled=gone.is_set))
        assert time.monotonic() - began < 2
        release.set()


def test_a_server_that_is_silent_costs_no_more_than_the_time_limit():
    release = Event()
    with listening(lambda _: (release.wait(5), (500, b""))[1]) as (port, _):
        began = time.monotonic()
        with pytest.raises(QueryTimeoutError, match=r"0\.3 s"):
            engine(port, timeout_s=0.3).interpret(FRAME, Query("What?"))
        assert time.monotonic() - began < 2
        release.set()


def test_a_server_that_sends_byte_by_byte_costs_no_more_than_the_time_limit():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=trickle, args=(listener,), daemon=True).start()
        remote = engine(listener.getsockname()[1], timeout_s=0.5, retries=0)
        with pytest.raises(QueryTimeoutError):
            remote.interpret(FRAME, Query("What?"))


def test_a_reply_that_breaks_off_is_asked_for_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=break_off, args=(listener,), daemon=True).start()
        with pytest.raises(ServerUnavailableError, match="3 tries"):
            engine(listener.getsockname()[1]).interpret(FRAME, Query("What?"))


def break_off(listener):
    """Answer three connections with less than is promised."""
    for _ in range(3):
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(1 << 20)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nANX1")


def trickle(listener):
    """Answer one connection with a head that never ends, until it is closed."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: 1\r\n")
            time.sleep(0.05)


def test_a_query_that_is_taken_back_before_it_is_connected_is_never_asked(monkeypatch):
    connecting, gone = Event(), Event()
    connect = HTTPConnection.connect

    def slowly(self):
        connecting.set()
        gone.wait(5)
        time.sleep(0.1)  # until the caller has walked away
        connect(self)

    monkeypatch.setattr(HTTPConnection, "connect", slowly)
    with listening(scripted) as (port, seen):
        remote = engine(port)
        Thread(target=lambda: (connecting.wait(5), gone.set()), daemon=True).start()
        with pytest.raises(CancelledError):
            remote.interpret(FRAME, Query("What?"), Progress(cancelled=gone.is_set))
        time.sleep(0.3)
        assert not seen


@pytest.mark.parametrize("body", [b"", b"ANX1", json.dumps({"answer": "mug"}).encode()])
def test_a_reply_that_is_none_is_refused(body):
    with listening(lambda _: (200, body)) as (port, _), pytest.raises(WireFormatError):
        engine(port).interpret(FRAME, Query("What?"))


def test_the_model_is_a_file_of_settings_or_an_address(tmp_path):
    path = tmp_path / "remote.yaml"
    path.write_text("url: http://gpu-box:8000\nrobot: atlas\n")
    assert create_engine("remote", path).model == "http://gpu-box:8000"
    assert create_engine("remote", "https://gpu-box").model == "https://gpu-box"
    with pytest.raises(ParameterError, match="can't be read"):
        create_engine("remote", tmp_path / "missing.yaml")


def test_serving_without_ray_says_how_to_get_it(monkeypatch):
    import sys

    from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
    from annexe_ros.inference.remote.server import Listening, serving

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'annexe-ros\[serve\]'"):
        serving(ServingPlan(EngineChoice("scripted", "x")), Listening()).__enter__()


@pytest.mark.parametrize("url", ["http://gpu..box:8000", "http://127.0.0.1:1/ä"])
def test_a_name_that_no_request_can_hold_is_no_server(url):
    with pytest.raises(ServerUnavailableError, match="did not answer in 3 tries"):
        RemoteEngine(RemoteSettings(url, robot="atlas", **QUICK)).interpret(FRAME, Query("What?"))
