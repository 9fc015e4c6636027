"""``annexe ask --engine``: engines whose model is a file of settings."""

from __future__ import annotations

import json

import pytest
from language_servers import chat_server
from planted_replies import ANALYSIS
from typer.testing import CliRunner

from annexe_ros.cli.main import app

pytest.importorskip("openai", reason="the openai client is not installed")
pytestmark = pytest.mark.engines


def ask(image, *options):
    return CliRunner().invoke(app, ["ask", "--image", str(image), "--query", "What is held?", *options])


@pytest.fixture
def image(rectangle_dataset):
    return next((rectangle_dataset / "RGB").iterdir())


def test_a_server_answers(image, tmp_path):
    with chat_server(tmp_path) as server:
        done = ask(image, "--engine", "openai", "--model", str(server.settings("says")), "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["analysis"], answer["answer"]) == (ANALYSIS, "mug")


@pytest.mark.parametrize("engine", ["openai", "vlm_sam"])
def test_without_settings_it_is_told_which_are_wanted(image, engine):
    done = ask(image, "--engine", engine)
    assert done.exit_code == 2
    assert f"see config/engines/{engine}.yaml" in done.stderr
    assert len(done.stderr.splitlines()) == 1
