"""The engine ``openai`` and a real server in a process of its own, which may be busy, break off, be silent or gone."""

from __future__ import annotations

import base64
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from language_servers import chat_server
from planted_replies import ANALYSIS, FRAME

from annexe_ros.core import Frame, Progress, Query, Stage
from annexe_ros.core.errors import CancelledError, EngineError, MissingDependencyError, ParameterError
from annexe_ros.inference import create_engine
from annexe_ros.inference.scheduler import Scheduler

pytest.importorskip("openai", reason="the openai client is not installed")
pytestmark = pytest.mark.engines
QUERY = Query("Which object is active?")


def engine_of(server, model="says", **settings):
    return create_engine("openai", server.settings(model, **settings))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with chat_server(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_three_steps_with_boxes(server):
    heard = []
    answer = engine_of(server).interpret(FRAME, QUERY, Progress(lambda stage, text: heard.append((stage, text))))
    assert (answer.analysis, answer.answer, answer.engine, answer.model) == (ANALYSIS, "mug", "openai", "says")
    assert np.argwhere(answer.label_image).min(0).tolist() == [30, 40]
    assert "".join(text for stage, text in heard if stage is Stage.ANALYSE) == ANALYSIS
    assert len([1 for stage, _ in heard if stage is Stage.ANALYSE]) > 4
    assert "".join(text for stage, text in heard if stage is Stage.ANSWER) == "the mug"


def test_the_image_arrives_as_it_was_sent(server):
    y, x = np.mgrid[0:300, 0:400]
    frame = Frame(np.stack([x * 255 // 400, y * 255 // 300, np.full_like(x, 40)], axis=-1).astype(np.uint8))
    engine_of(server, max_image_side=200, jpeg_quality=95).interpret(frame, QUERY)
    last = server.get("/last")
    url = last["messages"][1]["content"][0]["image_url"]["url"]
    data = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    assert seen.shape == (150, 200, 3)
    assert np.abs(seen - frame.image[::2, ::2]).mean() < 3
    assert [message["role"] for message in last["messages"]] == ["system", "user", "assistant", "user"]
    assert "response_format" not in last


@pytest.mark.parametrize(("form", "kind"), [("json_object", "json_object"), ("json_schema", "json_schema")])
def test_the_answer_is_held_to_a_form_where_the_server_takes_one(server, form, kind):
    engine_of(server, response_format=form).interpret(FRAME, QUERY)
    assert server.get("/last")["response_format"]["type"] == kind


@pytest.mark.parametrize("model", ["busy-2", "cuts-2"])
def test_a_server_that_is_busy_or_breaks_off_is_asked_again(server, model):
    heard = []
    answer = engine_of(server, model).interpret(FRAME, QUERY, Progress(lambda stage, text: heard.append((stage, text))))
    assert answer.answer == "mug"
    assert "".join(text for stage, text in heard if stage is Stage.ANALYSE) == ANALYSIS


@pytest.mark.parametrize(
    ("model", "timeout_s", "sentence"),
    [
        ("busy-99", 30.0, r"answered with status 503 .*, in 3 attempts"),
        ("cuts-99", 30.0, r"broke off .*, in 3 attempts"),
        ("silent", 0.4, r"said nothing for 0\.4 s, in 3 attempts"),
        ("locked", 30.0, r"refused the key in OPENAI_API_KEY \(status 401\)"),
        ("missing", 30.0, r"has no model 'missing' \(status 404\)"),
    ],
)
def test_what_does_not_get_better_is_told_in_one_sentence(server, model, timeout_s, sentence, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EngineError, match=sentence) as caught:
        engine_of(server, model, retries=2, timeout_s=timeout_s).interpret(FRAME, QUERY)
    assert "\n" not in str(caught.value)


def test_the_key_comes_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "open sesame")
    engine = engine_of(server, "locked", api_key_variable="MY_KEY")
    assert engine.interpret(FRAME, QUERY).answer == "mug"
    with pytest.raises(ParameterError, match="unknown setting 'api_key'"):
        engine_of(server, api_key="open sesame")


def test_a_caller_who_gives_up_is_let_go_while_the_server_is_silent(server):
    gave_up = threading.Event()
    threading.Timer(0.3, gave_up.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        engine_of(server, "silent").interpret(FRAME, QUERY, Progress(cancelled=gave_up.is_set))
    assert time.monotonic() - started < 3


def test_server_gone_and_back(tmp_path):
    with chat_server(tmp_path) as first:
        engine = engine_of(first, retries=1)
        assert engine.interpret(FRAME, QUERY).answer == "mug"
        first.kill()
        with pytest.raises(EngineError, match=r"can't be reached .*, in 2 attempts"):
            engine.interpret(FRAME, Query("And now?"))
        with chat_server(tmp_path, first.port):
            assert engine.interpret(FRAME, Query("And now?")).answer == "mug"


def test_a_server_that_starts_within_the_pauses_is_waited_for(tmp_path):
    with chat_server(tmp_path) as first:
        engine = engine_of(first, retries=8, backoff_s=0.5, max_backoff_s=1.0)
    replies = []
    asking = threading.Thread(target=lambda: replies.append(engine.interpret(FRAME, QUERY)))
    asking.start()
    time.sleep(0.5)
    with chat_server(tmp_path, first.port):
        asking.join(30)
    assert [reply.answer for reply in replies] == ["mug"]


def test_a_deadline_of_the_scheduler_ends_the_wait(server):
    scheduler = Scheduler(engine_of(server, "silent"))
    with pytest.raises(Exception, match=r"did not finish within 0\.5 s"):
        scheduler.submit(FRAME, QUERY, timeout_s=0.5).result(10)
    assert scheduler.close(5)


def test_a_grounder_without_its_library_is_told_how_to_get_it(server, monkeypatch):
    def missing(*_):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("annexe_ros.inference.openai_server.open_openai", missing)
    with pytest.raises(MissingDependencyError, match=r"'torch', which the engine 'openai' needs"):
        engine_of(server)


def test_without_the_client_it_is_told_how_to_get_it(server, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("annexe_ros.inference.openai_server", "openai"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingDependencyError, match=r"'openai', which the engine 'openai' needs.*pip install"):
        engine_of(server)
