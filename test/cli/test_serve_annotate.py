"""The verbs ``serve`` and ``annotate``: what they hand on, and what they print."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from annexe_ros.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def served(monkeypatch):
    """Pretend to serve, and return what would have been served."""
    seen = []
    monkeypatch.setattr("annexe_ros.cli.serve._wait_for_the_end", lambda: None)
    monkeypatch.setattr("annexe_ros.inference.remote.server.serving", lambda *told: seen.append(told) or nullcontext())
    return seen


def test_serve_hands_on_what_it_was_told(served, monkeypatch):
    monkeypatch.setenv("ANNEXE_TEST_TOKEN", "secret")
    result = run(
        "serve", "--engine", "scripted", "--model", "a.json", "--host", "0.0.0.0", "--port", 9000, "--replicas", 2,
        "--max-replicas", 5, "--gpus", 0.5, "--max-megabytes", 1, "--token-env", "ANNEXE_TEST_TOKEN",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    ((plan, listening),) = served
    assert (plan.engine.kind, plan.engine.model) == ("scripted", "a.json")
    assert (plan.min_replicas, plan.max_replicas, plan.gpus, plan.limits.max_request_bytes) == (2, 5, 0.5, 1 << 20)
    assert len(plan.token_digest) == 32
    assert b"secret" not in plan.token_digest
    assert listening.url == "http://0.0.0.0:9000"
    assert "serving on http://0.0.0.0:9000" in result.stderr


def test_serve_refuses_a_token_that_is_not_there(served, monkeypatch):
    monkeypatch.delenv("ANNEXE_TEST_TOKEN", raising=False)
    result = run("serve", "--engine", "scripted", "--token-env", "ANNEXE_TEST_TOKEN")
    assert (result.exit_code, served) == (2, [])
    assert "environment variable ANNEXE_TEST_TOKEN must hold a token" in result.stderr


def test_serve_keeps_to_this_machine_without_a_token():
    pytest.importorskip("ray", reason="Ray is not installed: pip install annexe-ros[serve]")
    result = run("serve", "--engine", "scripted", "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "a server on 0.0.0.0 needs a token" in result.stderr


def test_every_option_of_serve_is_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `--")]
    for option in get_command(app).commands["serve"].params:
        (row,) = [row for row in rows if f"`{option.opts[0]}`" in row.split("|")[1]]
        if isinstance(option.default, int | float) or option.name == "host":
            assert f"| `{option.default}` |" in row


@pytest.fixture
def images(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
    pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((48, 64, 3), np.uint8))
    (folder / "b.png").write_bytes(b"broken")
    return folder


def test_annotate_tells_what_it_did_and_goes_on(images, tmp_path):
    told = ("annotate", images, "--out", tmp_path / "out", "--query", "What?", "--engine", "scripted")
    result = run(*told, "--json")
    assert result.exit_code == 0, result.stderr
    counts = {"frames": 2, "kept": 0, "done": 1, "skipped": 1, "failed": 0}
    assert json.loads(result.stdout) == {"out": str(tmp_path / "out"), **counts}
    again = run(*told)
    assert "2 frames: 0 annotated, 1 from before, 1 broken, 0 not answered (see skipped.json)" in again.stdout


def test_annotate_that_was_killed_goes_on(images, tmp_path):
    (tmp_path / "slow.json").write_text(json.dumps({"stage_delay_s": 0.1}))
    for number in range(6):
        shutil.copy(images / "a.png", images / f"c{number}.png")
    out, parts = tmp_path / "out", tmp_path / "out" / "parts"
    told = ("annotate", images, "--out", out, "--query", "What?", "--engine", "scripted")
    slowly = (*told, "--model", tmp_path / "slow.json")
    process = subprocess.Popen([sys.executable, "-m", "annexe_ros.cli", *map(str, slowly)], stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(parts.glob("*.parquet")):
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (out / "annotations.parquet").exists()
    result = json.loads(run(*slowly, "--json").stdout)
    assert result["kept"] >= 1
    assert (result["frames"], result["kept"] + result["done"], result["skipped"]) == (8, 7, 1)
    refused = run(*told)
    assert refused.exit_code == 2
    assert "was begun with other engine; choose another folder" in refused.stderr


@pytest.mark.parametrize("library", ["pyarrow", "rosbags.typesys", "mcap"])
def test_annotate_without_its_libraries_says_how_to_get_them(images, tmp_path, monkeypatch, library):
    for module in [name for name in sys.modules if name.startswith("annexe_ros.data.annotation.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    result = run("annotate", images, "--out", tmp_path / "out", "--query", "What?", "--engine", "scripted")
    assert result.exit_code == 2
    assert "pip install 'annexe-ros[annotate]'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_annotate_evaluates_where_there_are_labels(rectangle_dataset, images, tmp_path):
    told = ("--labels", rectangle_dataset, "--queries-per-image", 2, "--engine", "scripted", "--json")
    result = run("annotate", rectangle_dataset, "--out", tmp_path / "out", *told)
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)["evaluation"]
    assert (figures["n"], figures["images"]) == (12, 6)
    assert 0 <= figures["grounding"]["ciou"] <= 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [((), "give --query or --labels"), (("--query", " "), "the query is empty"), (("--query", " | "), "is empty")],
)
def test_annotate_refuses_what_can_not_be_asked(images, tmp_path, options, sentence):
    result = run("annotate", images, "--out", tmp_path / "out", "--engine", "scripted", *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()
