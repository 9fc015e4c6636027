"""``annexe event-benchmark`` on clips of a folder, with a tiny encoder and a scripted engine."""

import json

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from plain_clips import write_plain_clips
from tiny_encoder import write_tiny_encoder
from typer.testing import CliRunner

from annexe_ros.cli.main import app

pytestmark = pytest.mark.model


@pytest.fixture
def arguments(tmp_path):
    clips = write_plain_clips(tmp_path, {"a": 50, "b": 90}, frames=16)
    encoder = write_tiny_encoder(tmp_path / "encoder")
    return ["event-benchmark", "--data", str(clips), "--encoder", str(encoder), "--engine", "scripted"]


def test_figures_come_as_json(arguments):
    result = CliRunner().invoke(app, [*arguments, "--json", "--min-margin", "0"])
    found = json.loads(result.stdout)
    assert (result.exit_code, found["n"]) == (0, 2)
    assert found["alone"] == {"right": 0.0, "wrong": 0.0}
    assert found["motion"]["right"] + found["motion"]["wrong"] == 1.0


def test_figures_come_in_words(arguments):
    result = CliRunner().invoke(app, [*arguments, "--count", "1"])
    assert result.exit_code == 0
    assert "1 clips, margin 0.05" in result.stdout
    assert "alone: 0.000, 0.000" in result.stdout


def test_an_unknown_encoder_is_one_sentence(arguments):
    arguments[arguments.index("--encoder") + 1] = "nowhere"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "no shipped model of that name" in result.stderr
