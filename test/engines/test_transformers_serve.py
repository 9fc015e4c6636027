"""The engine ``openai`` and a real model of toy size behind ``transformers serve``, alone and behind the node."""

from __future__ import annotations

import numpy as np
import pytest
from language_servers import transformers_serve
from planted_replies import ANALYSIS, FRAME, MUG

from annexe_ros.core import Progress, Query, Stage
from annexe_ros.core.errors import CancelledError, EngineError
from annexe_ros.inference import create_engine

for library in ("openai", "torch", "transformers", "fastapi", "uvicorn"):
    pytest.importorskip(library, reason=f"{library} is not installed")

from tiny_checkpoints import save_llava, save_sam2  # noqa: E402

pytestmark = [pytest.mark.engines, pytest.mark.model]
QUERY = Query("Which object is active?")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_llava(tmp_path_factory.mktemp("checkpoint") / "tiny", (ANALYSIS, MUG))


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with transformers_serve(tmp_path_factory.mktemp("server"), model) as running:
        yield running


def engine_of(server, model, **settings):
    return create_engine("openai", server.settings(str(model), **settings), "cpu")


def test_a_model_elsewhere_speaks_and_a_grounder_here_grounds(server, model, tmp_path):
    heard = []
    engine = engine_of(server, model, grounder=str(save_sam2(tmp_path / "sam2")))
    answer = engine.interpret(FRAME, QUERY, Progress(lambda stage, text: heard.append((stage, text))))
    assert (answer.analysis, answer.answer) == (ANALYSIS, "mug")
    assert set(np.unique(answer.label_image)) <= {0, 1}
    pieces = [text for stage, text in heard if stage is Stage.ANALYSE and text]
    assert "".join(pieces) == ANALYSIS
    assert len(pieces) > 3


def test_a_caller_who_gives_up_does_not_hinder_the_next(server, model):
    engine, heard = engine_of(server, model), []
    with pytest.raises(CancelledError):
        engine.interpret(FRAME, QUERY, Progress(lambda stage, text: heard.append(text), lambda: len(heard) > 2))
    assert engine.interpret(FRAME, QUERY).answer == "mug"


def test_the_server_has_one_model_only(server, tmp_path):
    with pytest.raises(EngineError, match=r"^the server at http://localhost:\d+/v1 "):
        engine_of(server, tmp_path / "another", retries=0).interpret(FRAME, QUERY)


@pytest.mark.slow  # a server takes its time to start
def test_gone_and_back(model, tmp_path):
    with transformers_serve(tmp_path, model) as first:
        engine = engine_of(first, model, retries=1)
        assert engine.interpret(FRAME, QUERY).answer == "mug"
    with pytest.raises(EngineError, match=r"can't be reached .*, in 2 attempts"):
        engine.interpret(FRAME, Query("And now?"))
    with transformers_serve(tmp_path, model, first.port):
        assert engine.interpret(FRAME, Query("And now?")).answer == "mug"
