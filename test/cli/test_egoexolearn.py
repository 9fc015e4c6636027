"""``annexe egoexolearn``: the JSON forms, and one sentence where an option or a file doesn't fit."""

import json

import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, ["egoexolearn", *map(str, arguments)])


@pytest.fixture
def lists(tmp_path):
    for name, video in (("train", "a"), ("test", "b")):
        rows = [f"{video}|{at}.0|{[(at + k) % 27 for k in range(8)]}" for at in range(3)]
        (tmp_path / f"{name}_plan.txt").write_text("\n".join(rows))
        pairs = [f"13_good_{at}_90 13_poor_{at}_90" for at in range(*((0, 4) if video == "a" else (3, 6)))]
        (tmp_path / f"{name}_pairs.txt").write_text("\n".join(pairs))
    return tmp_path


def test_planning_prints_its_figures(lists):
    result = run(
        "evaluate",
        "--task",
        "planning",
        "--train",
        lists / "train_plan.txt",
        "--test",
        lists / "test_plan.txt",
        "--json",
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == {"one_minus_aued": 1.0, "n": 3}


@pytest.mark.parametrize(("split", "n"), [("published", 3), ("clip-disjoint", 2)])
def test_skill_prints_its_figures(lists, split, n):
    files = ("--train", lists / "train_pairs.txt", "--test", lists / "test_pairs.txt")
    result = run("evaluate", "--task", "skill", *files, "--split", split, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == {"pair_accuracy": 1.0, "n": n}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--task", "planning", "--model", "oracle"), "oracle"),
        (("--task", "planning", "--split", "published"), "nothing to planning"),
        (("--task", "skill"), "line 1"),
        (("--task", "cooking"), "cooking"),
    ],
)
def test_what_does_not_fit_is_refused(lists, options, why):
    result = run("evaluate", *options, "--train", lists / "train_plan.txt", "--test", lists / "test_plan.txt")
    assert result.exit_code == 2
    assert why in result.stderr


def test_check_tells_what_is_there(lists):
    (lists / "skill_train.txt").write_text("13_a_0_9 13_b_0_9")
    found = run("check", lists)
    assert found.exit_code == 0
    assert "skill_train.txt: 1 pairs, 2 clips" in found.stdout
    assert "missing: skill_val.txt" in found.stdout
    assert json.loads(run("check", lists, "--json").stdout)["found"] == {"skill_train.txt": {"pairs": 1, "clips": 2}}
    nowhere = run("check", lists / "nowhere")
    assert (nowhere.exit_code, nowhere.stdout) == (2, "")
    assert "no such folder" in nowhere.stderr
