"""The node with the engines ``openai`` and ``vlm_sam``: text reaches the action's caller as it is generated."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.action", reason="the interfaces are not built")
pytest.importorskip("openai", reason="the openai client is not installed")

import yaml
from language_servers import chat_server, transformers_serve
from planted_replies import ANALYSIS, MUG
from test_perception import perception
from test_streaming import Caller

from annexe_ros.action import StreamEgoQuery
from annexe_ros.core.errors import Status

pytestmark = [pytest.mark.ros, pytest.mark.engines]


@pytest.fixture
def server(tmp_path):
    with chat_server(tmp_path) as running:
        yield running


@pytest.fixture
def caller(peer):
    caller = Caller(peer)
    yield caller
    caller.client.destroy()


def behind(server, context, model, **settings):
    return perception(context, engine="openai", model=str(server.settings(model, **settings)))


def test_half_a_sentence_reaches_the_caller_before_the_server_says_the_rest(server, context, peer, caller):
    with behind(server, context, "waits") as node:
        peer.ask_about_camera(max_frame_age=1e-6)  # discovered; this one is too old to be worked on
        peer.show()
        handle = caller.goal(node, max_frame_age=60.0)
        peer.wait_until(lambda: caller.feedback and len(caller.feedback[-1].text) >= len(ANALYSIS) // 2 - 8)
        assert ANALYSIS.startswith(caller.feedback[-1].text)
        assert caller.feedback[-1].text != ANALYSIS
        server.get("/go")
        peer.wait_until(lambda: caller.texts().get(StreamEgoQuery.Feedback.ANSWER) == "the mug")
        result = caller.result(handle).result
    assert (result.success, result.answer.analysis, result.answer.answer) == (True, ANALYSIS, "mug")
    assert (result.answer.engine, result.answer.model) == ("openai", "waits")
    assert caller.texts()[StreamEgoQuery.Feedback.ANALYSE] == ANALYSIS


def test_a_server_that_goes_and_comes_back_leaves_the_node_alive(server, context, peer):
    with behind(server, context, "says", retries=0):
        assert peer.ask_about_camera().answer.answer == "mug"
        server.kill()
        refused = peer.ask_about_camera()
        assert (refused.success, refused.status) == (False, Status.ENGINE_ERROR)
        assert "can't be reached" in refused.message
        with chat_server(server.folder, server.port):
            assert peer.ask_about_camera().answer.answer == "mug"


@pytest.mark.model
@pytest.mark.slow  # a server takes its time to start
def test_tokens_of_a_real_model_elsewhere_reach_the_caller_one_by_one(context, peer, caller, tmp_path):
    for library in ("torch", "transformers", "fastapi", "uvicorn"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    from tiny_checkpoints import save_llava

    model = save_llava(tmp_path / "model", (ANALYSIS, MUG))
    with transformers_serve(tmp_path, model) as server, behind(server, context, str(model)) as node:
        peer.ask_about_camera(max_frame_age=1e-6)
        peer.show()
        result = caller.result(caller.goal(node, max_frame_age=60.0)).result
    assert (result.success, result.answer.analysis, result.answer.answer) == (True, ANALYSIS, "mug")
    told = [feedback.text for feedback in caller.feedback if feedback.stage == StreamEgoQuery.Feedback.ANALYSE]
    assert len(told) > 4
    assert all(ANALYSIS.startswith(text) for text in told)


@pytest.mark.model
def test_models_in_the_node_itself(context, peer, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("transformers", reason="transformers is not installed")
    from tiny_checkpoints import save_sam2, save_vlm

    models = {"vlm": save_vlm(tmp_path / "vlm", replies=(ANALYSIS, MUG)), "grounder": save_sam2(tmp_path / "sam")}
    settings = tmp_path / "settings.yaml"
    settings.write_text(yaml.safe_dump({name: str(folder) for name, folder in models.items()}))
    with perception(context, engine="vlm_sam", model=str(settings), device="cpu"):
        response = peer.ask_about_camera()
    assert (response.success, response.answer.analysis, response.answer.answer) == (True, ANALYSIS, "mug")
    assert response.answer.objects[0].label == "mug"


def test_settings_that_are_wrong_are_told_when_configuring(context, peer, tmp_path, capfd):
    settings = tmp_path / "settings.yaml"
    settings.write_text("vlm: nobody/nothing\n")
    with perception(context, engine="vlm_sam", model=str(settings), device="cpu"):
        assert peer.ask().status == Status.NOT_ACTIVE
    assert (
        "model 'nobody/nothing': there is no such folder; fetch a hub model with: hf download" in capfd.readouterr().err
    )
