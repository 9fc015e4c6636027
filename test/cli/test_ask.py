"""``annexe ask`` over the scripted engine: what is printed where, what is written, and how it ends."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.core import NO_TARGET_ANSWER

KEYS = ["analysis", "answer", "has_target", "target_score", "objects", "latency_ms"]
TARGET_KEYS = {"mask_value", "role", "label", "score", "active", "touched_by", "box", "area"}

SCRIPT = {
    "replies": {
        "Segment the bowl.": {"analysis": "The right hand holds a white mug.", "targets": []},
        "Segment the cup.": {
            "analysis": "Somebody holds [/b] a :mug:.",
            "targets": [{"label": "[red] cup", "box": [0.5, 0.5, 0.2, 0.2]}],
        },
        "Segment the right hand.": {"targets": [{"label": "right hand", "box": [0.5, 0.5, 0.25, 0.5]}]},
    }
}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "frame.jpg"
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))
    return path


@pytest.fixture
def ask(tmp_path, image):
    script = tmp_path / "script.json"
    script.write_text(json.dumps(SCRIPT))

    def run(query, *options):
        fixed = ["--image", str(image), "--engine", "scripted", "--model", str(script)]
        return CliRunner().invoke(app, ["ask", "--query", query, *fixed, *map(str, options)])

    return run


def test_json_is_all_that_stdout_holds(ask):
    result = ask("Segment the right hand.", "--json")
    assert result.exit_code == 0
    reply = json.loads(result.stdout)
    assert list(reply) == KEYS
    (target,) = reply["objects"]
    assert set(target) == TARGET_KEYS
    assert (target["role"], target["label"], target["box"], target["area"]) == (
        "RIGHT_HAND", "right hand", [32, 24, 16, 24], 16 * 24,
    )  # fmt: skip
    assert reply["latency_ms"]["total"] >= 0


def test_no_such_target_is_an_answer(ask):
    result = ask("Segment the bowl.", "--json")
    assert result.exit_code == 0
    reply = json.loads(result.stdout)
    assert (reply["answer"], reply["has_target"], reply["objects"]) == (NO_TARGET_ANSWER, False, [])


def test_pictures_are_written(ask, tmp_path):
    assert ask("Segment the right hand.", "--out", tmp_path / "new" / "folder", "--json").exit_code == 0
    mask = cv2.imread(str(tmp_path / "new/folder/mask.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (48, 64)
    assert (mask > 0).sum() == 16 * 24
    assert cv2.imread(str(tmp_path / "new/folder/overlay.png")).shape[1] == 256


def test_people_get_a_table(ask):
    result = ask("Segment the right hand.")
    assert result.exit_code == 0
    assert "RIGHT_HAND" in result.stdout
    assert "{" not in result.stdout


def test_brackets_and_colons_in_a_reply_are_just_that(ask):
    result = ask("Segment the cup.")
    assert result.exit_code == 0, result.exception
    assert "Somebody holds [/b] a :mug:." in result.stdout
    assert result.stdout.count("[red] cup") == 2


def test_without_the_analysis(ask):
    assert json.loads(ask("Segment the right hand.", "--no-analysis", "--json").stdout)["analysis"] == ""


def test_depth_is_read_and_must_fit(ask, tmp_path):
    depth = tmp_path / "depth.png"
    cv2.imwrite(str(depth), np.full((48, 64), 700, np.uint16))
    assert ask("Segment the right hand.", "--depth", depth, "--json").exit_code == 0
    cv2.imwrite(str(depth), np.full((24, 64), 700, np.uint16))
    assert_refused(ask("Segment the right hand.", "--depth", depth, "--json"), "depth is 64x24 and the image 64x48")
    cv2.imwrite(str(depth), np.full((48, 64), 70, np.uint8))
    assert_refused(ask("Segment the right hand.", "--depth", depth, "--json"), "uint16")


def assert_refused(result, sentence):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_bad_input_gets_one_sentence(ask, image):
    assert_refused(ask("  ", "--json"), "the query is empty")
    assert_refused(ask("x" * 513, "--json"), "513 characters")
    assert_refused(ask("x", "--engine", "oracle"), "unknown engine 'oracle'")
    assert_refused(ask("x", "--model", "missing.json"), "missing.json")
    assert ask("x", "--dtype", "int4").exit_code == 0  # the scripted engine has no weights
    image.write_bytes(b"no image")
    assert_refused(ask("x"), "frame.jpg")
    image.unlink()
    assert_refused(ask("x"), "no such file")


@pytest.mark.model
def test_a_missing_model_gets_one_sentence(image, tmp_path):
    options = ["--image", str(image), "--query", "x", "--model", str(tmp_path / "nowhere")]
    assert_refused(CliRunner().invoke(app, ["ask", *options]), "nowhere")


@pytest.mark.model
def test_an_unknown_dtype_gets_one_sentence(image, tiny_folder):
    options = ["--image", str(image), "--query", "x", "--model", str(tiny_folder), "--dtype", "float8"]
    assert_refused(CliRunner().invoke(app, ["ask", *options]), "unknown dtype 'float8'")


def test_an_unwritable_folder_is_named(ask, image):
    result = ask("Segment the right hand.", "--out", image / "folder", "--json")
    assert result.exit_code == 2
    assert "can't write" in result.stderr


def test_help_needs_no_heavy_library():
    code = (
        "import sys\nfrom annexe_ros.cli.main import main\n"
        "try: main()\nexcept SystemExit: print(sorted({'torch', 'cv2', 'scipy', 'mujoco'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert "evaluate" in shown.stdout
    assert shown.stdout.strip().endswith("[]")


def test_what_is_looked_at_is_told_by_a_pixel(ask):
    looking = ask("What am I looking at?", "--gaze", 32, 24, "--json")
    assert json.loads(looking.stdout)["answer"] == "mug"
    beside = ask("What am I looking at?", "--gaze", 2, 2)
    assert beside.exit_code == 0
    assert "nothing that the engine names is where the wearer looks" in beside.stdout
