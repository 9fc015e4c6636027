"""``annexe egoexolearn``: the JSON forms, and one sentence where an option or a file doesn't fit."""

import json

import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.procedures.planning.evaluate import Planner


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


def test_segmentation_prints_its_figures(tmp_path):
    (tmp_path / "gts_fps25").mkdir()
    for video, second in (("a", 4), ("b", 5), ("c", 5)):
        (tmp_path / "gts_fps25" / f"{video}.txt").write_text("\n".join(["3"] * 20 + [str(second)] * 20))
    (tmp_path / "train").write_text("b.txt\nc.txt\na.txt")
    (tmp_path / "test").write_text("a.txt")
    files = ("--train", tmp_path / "train", "--test", tmp_path / "test", "--labels", tmp_path / "gts_fps25")
    scores = json.loads(run("evaluate", "--task", "segmentation", *files, "--json").stdout)
    assert (scores["acc"], scores["edit"], scores["n"]) == (50.0, 50.0, 1)
    majority = json.loads(run("evaluate", "--task", "segmentation", *files, "--model", "majority", "--json").stdout)
    assert (majority["acc"], majority["f1_50"]) == (50.0, pytest.approx(200 / 3))


def write_class_table(path, video, nouns):
    rows = [f'{video},i{at},{3.0 * at},{3.0 * at + 1},"[7]","[{noun}]",lab' for at, noun in enumerate(nouns)]
    path.write_text("video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n" + "\n".join(rows))
    return path


def test_anticipation_prints_its_figures(tmp_path):
    (tmp_path / "valid_nouns.txt").write_text("\n".join(map(str, range(10, 20))))
    train = write_class_table(tmp_path / "ego_train_valid.csv", "a", [10, 11, 12, 13, 14, 15] * 3)
    test = write_class_table(tmp_path / "ego_val_valid.csv", "b", [10, 16])
    scores = json.loads(run("evaluate", "--task", "anticipation", "--train", train, "--test", test, "--json").stdout)
    assert scores == {"class_mean": 50.0, "micro": 50.0, "sample": 50.0, "n": 2}
    lacking = run("evaluate", "--task", "anticipation", "--target", "verb", "--train", train, "--test", test)
    assert (lacking.exit_code, "valid_verbs.txt" in lacking.stderr) == (2, True)
    test.write_text(test.read_text().partition("\n")[0])
    empty = run("evaluate", "--task", "anticipation", "--train", train, "--test", test)
    assert (empty.exit_code, "no segment has a noun of valid_nouns.txt" in " ".join(empty.stderr.split())) == (2, True)
    leaking = run("evaluate", "--task", "anticipation", "--train", train, "--test", train)
    assert "every segment of this training file" in leaking.stderr


@pytest.fixture
def questions(tmp_path):
    """Ten questions about ten videos; it is always the second choice, the spoon."""
    lines = []
    for at in range(10):
        asked = f"<video>\nWhat is it?\n(A) A knife\n(B) A spoon\n(C) Fork {at}\nAnswer."
        turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": "B"}]
        lines.append(json.dumps({"id": f"v{at}_0", "conversations": turns, "image": {"video": f"v{at}.mp4"}}))
    path = tmp_path / "video_mcq.jsonl"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("model", ["text-only", "majority-letter"])
def test_questions_print_their_figures(questions, model):
    result = run("evaluate", "--task", "questions", "--test", questions, "--model", model, "--json")
    assert json.loads(result.stdout) == {"accuracy": 1.0, "n": 10}


def test_the_table_has_a_row_for_whatever_files_are_there(lists, questions):
    (lists / "train_plan.txt").rename(lists / "train_ego_anno_list.txt")
    (lists / "test_plan.txt").rename(lists / "val_ego_anno_list.txt")
    result = run("baselines", lists)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in result.stdout.splitlines()]
    assert rows[0] == ["task", "learnt from, measured on", "baseline", "figures", "n", "published"]
    assert [row[:1] + row[2:3] for row in rows[2:]] == [
        *(["planning", planner] for planner in Planner),
        *(["questions", answerer] for answerer in ("text-only", "majority-letter")),
    ]
    assert rows[-1][1:] == ["`video_mcq.jsonl`", "majority-letter", "accuracy 1.000", "10", ""]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--task", "planning", "--model", "oracle"), "oracle"),
        (("--task", "planning", "--split", "published"), "nothing to planning"),
        (("--task", "association"), "nothing to association"),
        (("--task", "segmentation"), "--labels"),
        (("--task", "planning", "--test", "second.txt"), "fewer"),
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
