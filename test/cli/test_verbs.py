"""The other verbs: what they hand to the rooms that do the work, and what they print."""

import json
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import annexe_ros
from annexe_ros.cli.main import app
from annexe_ros.core.errors import MissingDependencyError

QUESTIONS = {"Segment the mug.": ("mug",), "Segment the hand and the mug.": ("right hand", "mug"), "Any bowl?": ()}


@pytest.fixture
def bench(tmp_path):
    """Two images that show nothing, with a record of every kind."""
    for folder in ("RGB", "depth", "mask", "dataset_split/test"):
        (tmp_path / folder).mkdir(parents=True)
    values = {"mug": 1, "right hand": 2}
    records = [
        {
            "caption": "The right hand holds a white mug over the table.",
            "answer": " and ".join(names),
            "tokens": [*names, *[""] * (4 - len(names))],
            "masks_idx": [*(values[name] for name in names), *[0] * (4 - len(names))],
            "with_mask": int(bool(names)),
            "questions": [{"id": 0, "query": query, "is_sentence": 1}],
        }
        for query, names in QUESTIONS.items()
    ]
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"RGB/{name}.jpg"), np.zeros((40, 80, 3), np.uint8))
        cv2.imwrite(str(tmp_path / f"depth/{name}.png"), np.full((40, 80), 500, np.uint16))
        mask = np.zeros((40, 80), np.uint8)
        mask[15:25, 30:50], mask[30:, :] = 1, 2
        cv2.imwrite(str(tmp_path / f"mask/{name}.png"), mask)
        (tmp_path / f"dataset_split/test/{name}.json").write_text(json.dumps(records))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_evaluate_prints_the_figures(bench):
    # The scripted engine answers "mug" to everything, with the box that the mask has.
    result = run("evaluate", "--data", bench, "--engine", "scripted", "--queries-per-image", 3, "--json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    assert (figures["n"], figures["images"]) == (6, 2)
    assert figures["answer"]["exact"] == pytest.approx(1 / 3)
    assert figures["indicator"]["accuracy"] == pytest.approx(2 / 3)
    mug, hand = 200, 800
    assert figures["grounding"]["ciou"] == pytest.approx(2 * mug / (mug + (mug + hand) + mug))
    assert figures["grounding"]["giou"] == pytest.approx((1 + mug / (mug + hand) + 0) / 3)
    assert figures["depth"] == {"mae": None}
    assert "evaluating" not in result.stdout


def test_evaluate_shows_people_a_table(bench):
    result = run("evaluate", "--data", bench, "--engine", "scripted")
    assert result.exit_code == 0
    assert "per_target_iou" in result.stdout
    assert "scripted estimates none" in result.stdout


def test_a_report_that_cannot_be_written_is_told_before_any_question(bench, monkeypatch):
    (bench / "file").touch()
    result = run("evaluate", "--data", bench, "--engine", "none", "--report", bench / "file" / "page")
    assert (result.exit_code, "can't write into" in result.stderr) == (2, True)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run("evaluate", "--data", bench, "--engine", "none", "--report", bench / "page")
    assert result.stderr.startswith("annexe: Jinja, which the report needs, is not installed")
    assert not (bench / "page").exists()


def test_figures_are_printed_though_the_page_cannot_be_written(bench, monkeypatch):
    pytest.importorskip("jinja2")
    (bench / "page" / "index.html").mkdir(parents=True)
    monkeypatch.chdir(bench)
    result = run("evaluate", "--data", ".", "--engine", "scripted", "--report", "page", "--json")
    assert (result.exit_code, "can't write into 'page'" in result.stderr) == (2, True)
    assert json.loads(result.stdout)["n"] == 6
    (bench / "page" / "index.html").rmdir()
    run("evaluate", "--data", ".", "--engine", "scripted", "--report", "page")
    assert f" on {bench.name}, split test" in (bench / "page" / "index.html").read_text()


def test_a_note_keeps_its_brackets(bench, monkeypatch):
    def no_meteor(*_):
        raise MissingDependencyError("nltk", "pip install 'annexe-ros[evaluate]'")

    monkeypatch.setattr("annexe_ros.evaluation.text.meteor", no_meteor)
    told = run("evaluate", "--data", bench, "--engine", "scripted").stdout
    assert "pip install 'annexe-ros[evaluate]'" in " ".join(told.split())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("--split", "dev"), "unknown split 'dev'"), (("--split", "val"), "no such folder")],
)
def test_evaluate_refuses_what_is_not_there(bench, options, sentence):
    result = run("evaluate", "--data", bench, "--engine", "scripted", *options, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def pretend(monkeypatch, name, **members):
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(**members))


def test_scenes_hands_on_what_it_was_told(monkeypatch, tmp_path):
    seen = []

    def generate(*arguments):
        seen.append(arguments)
        arguments[-1](3, 3)
        return ["a", "b", "c"]

    pretend(monkeypatch, "annexe_ros.data.scenes.dataset", generate=generate)
    result = run("scenes", "--out", tmp_path, "--count", 3, "--seed", 9, "--split", "test", "--unseen")
    assert result.exit_code == 0, result.stderr
    assert seen[0][:-1] == (tmp_path, 3, 9, "test", True, 640, 480, 1)
    assert result.stdout == f"3 scenes in {tmp_path}, split test\n"


def test_scenes_says_what_is_missing(monkeypatch, tmp_path):
    def generate(*arguments):
        raise MissingDependencyError("an OpenGL library", "apt-get install libegl1")

    pretend(monkeypatch, "annexe_ros.data.scenes.dataset", generate=generate)
    result = run("scenes", "--out", tmp_path, "--count", 1)
    assert result.exit_code == 2
    assert result.stderr.strip().endswith("install it with: apt-get install libegl1")


def test_an_extra_that_is_not_installed_is_named(monkeypatch, tmp_path):
    def generate(*arguments):
        raise ModuleNotFoundError("No module named 'mujoco'", name="mujoco")

    pretend(monkeypatch, "annexe_ros.data.scenes.dataset", generate=generate)
    result = run("scenes", "--out", tmp_path, "--count", 1)
    assert result.exit_code == 2
    assert "pip install 'annexe-ros[scenes]'" in result.stderr


def test_scenes_refuses_an_unknown_split(tmp_path):
    result = run("scenes", "--out", tmp_path, "--count", 1, "--split", "dev")
    assert result.exit_code == 2
    assert "unknown split 'dev'" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.model
def test_train_hands_on_what_it_was_told(monkeypatch, tmp_path):
    from annexe_ros.training import run as training

    seen = []
    monkeypatch.setattr(training, "train", lambda *arguments: seen.append(arguments) or tmp_path)
    told = ("--steps", 7, "--batch-size", 2, "--save-every", 3)
    result = run("train", "--data", tmp_path / "d", "--out", tmp_path, *told, "--resume")
    assert result.exit_code == 0, result.stderr
    settings, resume = seen[0]
    assert (settings.data, settings.out) == (tmp_path / "d", tmp_path)
    assert (settings.steps, settings.batch_size, settings.save_every) == (7, 2, 3)
    assert resume is True


def test_version():
    assert run("--version").stdout == f"annexe {annexe_ros.__version__}\n"


def test_scenes_films_one_of_them(monkeypatch, tmp_path):
    seen = []
    pretend(monkeypatch, "annexe_ros.data.scenes.dataset", generate=None)
    pretend(monkeypatch, "annexe_ros.data.scenes.film", write_recording=lambda *arguments: seen.append(arguments))
    result = run("scenes", "--out", tmp_path, "--seed", 9, "--film", 4)
    assert result.exit_code == 0, result.stderr
    assert seen[0][:-1] == (tmp_path, 9, 4, 10.0, 5.0, 640, 480)
    assert result.stdout == f"recording of scene 4 in {tmp_path}\n"
