"""``annexe egoexolearn ask``: questions about videos, answered by a language model behind a real server."""

import json

import cv2
import numpy as np
import pytest
from language_servers import chat_server
from typer.testing import CliRunner

from annexe_ros.cli.main import app

pytest.importorskip("openai", reason="the openai client is not installed")
pytestmark = pytest.mark.engines


@pytest.fixture
def folder(tmp_path):
    """Three questions about one video; their answers are B, A and B."""
    film = cv2.VideoWriter(str(tmp_path / "v.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    for _ in range(10):
        film.write(np.full((48, 64, 3), 90, np.uint8))
    film.release()
    asked = "<video>\nWhat is it?\n(A) A knife\n(B) A spoon\nAnswer."
    lines = [[{"from": "human", "value": asked}, {"from": "gpt", "value": letter}] for letter in "BAB"]
    entries = [{"id": f"v_{k}", "conversations": turns, "image": {"video": "v.mp4"}} for k, turns in enumerate(lines)]
    (tmp_path / "video_mcq.jsonl").write_text("\n".join(map(json.dumps, entries)))
    return tmp_path


@pytest.mark.parametrize(
    ("reply", "figures"),
    [
        ("(B) A spoon", {"accuracy": 0.5, "n": 2, "unreadable": 0}),
        ("I can't tell", {"accuracy": 0.0, "n": 2, "unreadable": 2}),
    ],
)
def test_it_prints_its_figures(folder, reply, figures):
    with chat_server(folder, replies=[reply]) as server:
        files = ("--questions", folder / "video_mcq.jsonl", "--videos", folder, "--model", server.settings("says"))
        result = CliRunner().invoke(app, ["egoexolearn", "ask", *map(str, files), "--limit", "2", "--json"])
        shown = server.get("/last")["messages"][0]["content"]
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == figures
    assert [part["type"] for part in shown] == ["image_url", "text"]
    assert "8 moments of one video" in shown[1]["text"]
