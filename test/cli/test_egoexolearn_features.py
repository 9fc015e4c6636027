"""``annexe egoexolearn train`` and ``measure``: from published forms and generated feature files to figures."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.procedures.generated import noisy_features, prototypes, step_sequence

pytestmark = pytest.mark.model

WIDTH = 768
CLASS_HEADER = "video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n"


def run(*arguments):
    return CliRunner().invoke(app, ["egoexolearn", *map(str, arguments), "--device", "cpu"])


def figures(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def trained_and_measured(folder, task, options, test_options, epochs):
    """Return what ``train`` prints, having seen that ``measure`` finds the same with the model that was saved."""
    features = ("--features", folder / "features")
    trained = figures("train", "--task", task, *options, *features, "--out", folder / "model", "--epochs", epochs)
    assert figures("measure", "--task", task, *test_options, *features, "--model", folder / "model") == trained
    return trained


@pytest.fixture
def save(tmp_path):
    import torch

    (tmp_path / "features").mkdir()
    return lambda uid, array: torch.save(torch.from_numpy(array), tmp_path / "features" / f"{uid}.pt")


@pytest.fixture
def steps(tmp_path, save):
    """Six short videos of four steps, at 25 labels and five features a second."""
    rng = np.random.default_rng(0)
    classes = prototypes(28, WIDTH, rng)
    (tmp_path / "gts_fps25").mkdir()
    for number in range(6):
        labels = np.repeat(step_sequence(4, 5, 6, 12, rng), 5)
        save(f"v{number}", 10 * noisy_features(labels[::5], classes, 0.5, rng))
        (tmp_path / "gts_fps25" / f"v{number}.txt").write_text("\r\n".join(map(str, labels[:-7])))
    for name, videos in (("train", range(4)), ("test", (4, 5))):
        (tmp_path / f"{name}.bundle").write_text("\r\n".join(f"v{number}.txt" for number in videos))
    return tmp_path


@pytest.mark.parametrize("task", ["segmentation", "segmentation-causal"])
def test_segmentation(steps, task):
    # Small networks learn in test/procedures/test_segmentation.py; this one has the published size.
    test = ("--test", steps / "test.bundle", "--labels", steps / "gts_fps25")
    scores = trained_and_measured(steps, task, ("--train", steps / "train.bundle", *test), test, epochs=1)
    assert set(scores) == {"acc", "edit", "f1_10", "f1_25", "f1_50", "n"}
    assert (scores["n"], 0 <= scores["acc"] <= 100) == (2, True)


@pytest.fixture
def class_tables(tmp_path, save):
    """Two views of actions every ten seconds: what is seen tells the action, and so the class of the next one."""
    rng = np.random.default_rng(0)
    classes = prototypes(6, WIDTH, rng)
    for view, part in (("ego", "train"), ("ego", "val"), ("exo", "train"), ("exo", "val")):
        lines = []
        for number in range(3):
            uid, shown = f"{view}-{part}-{number}", (np.arange(40) * (number + 1) + number) % 6
            save(uid, noisy_features(np.repeat(shown, 10), classes, 0.4, rng))
            times = [(2.0 * k, 2.0 * k + 1.5, k) for k in range(40)]
            lines += [f'{uid},i{k},{a},{b},"[{shown[k] + 10}]","[{shown[k] + 20}]",lab' for a, b, k in times]
        (tmp_path / f"{view}_{part}_valid.csv").write_text(CLASS_HEADER + "\n".join(lines))
    (tmp_path / "valid_nouns.txt").write_text("\n".join(map(str, range(20, 26))))
    return tmp_path


def test_anticipation(class_tables):
    test = ("--test", class_tables / "ego_val_valid.csv")
    learnt = ("--train", class_tables / "ego_train_valid.csv", *test)
    scores = trained_and_measured(class_tables, "anticipation", learnt, test, epochs=5)
    assert (scores["n"], scores["left_out"]) == (3 * 38, 3 * 2)
    assert scores["class_mean"] > 80


def test_association_from_two_views_that_were_never_paired(class_tables):
    test = ("--test", class_tables / "ego_val_valid.csv", "--test", class_tables / "exo_val_valid.csv")
    tables = [class_tables / f"{view}_train_valid.csv" for view in ("ego", "exo")]
    learnt = ("--train", tables[0], "--train", tables[1], *test)
    scores = trained_and_measured(class_tables, "association", learnt, test, epochs=10)
    assert min(scores["ego_to_exo"], scores["exo_to_ego"]) > 80


@pytest.fixture
def pairs(tmp_path):
    """Clips whose fourth to sixth moments show their skill, and pairs of them."""
    rng = np.random.default_rng(0)
    skill, shown = rng.normal(size=40), rng.normal(size=WIDTH)
    names = [f"13_v{number}_0_90" for number in range(40)]
    (tmp_path / "features").mkdir()
    for name, amount in zip(names, skill, strict=True):
        clip = rng.normal(0, 0.3, (10, WIDTH))
        clip[3:6] += amount * shown
        np.savez(tmp_path / "features" / f"{name}.npz", clip[None])
    drawn = {"train": rng.integers(28, size=(150, 2)), "test": rng.integers(20, 40, size=(60, 2))}
    for name, both in drawn.items():
        ordered = [sorted(pair, key=lambda at: -skill[at]) for pair in both.tolist() if pair[0] != pair[1]]
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{names[a]} {names[b]}" for a, b in ordered))
    return tmp_path


def test_skill(pairs):
    lists = ("--train", pairs / "train.txt", "--test", pairs / "test.txt", "--split", "clip-disjoint")
    scores = trained_and_measured(pairs, "skill", lists, lists, epochs=20)
    assert 0 < scores["n"] < 60
    assert scores["pair_accuracy"] > 0.8


@pytest.mark.parametrize(
    ("verb", "task", "options", "why"),
    [
        ("train", "segmentation", ("--test", "a", "--test", "b"), "--test"),
        ("train", "anticipation", ("--test", "a", "--train", "b"), "--train"),
        ("train", "association", ("--test", "a") * 3, "--test"),
        ("train", "skill", ("--test", "a", "--labels", "b"), "--labels"),
        ("measure", "segmentation", ("--test", "a", "--test", "b"), "--test"),
        ("measure", "anticipation", ("--test", "a", "--train", "b"), "--train"),
        ("measure", "segmentation-causal", ("--test", "a", "--target", "verb"), "--target"),
        ("measure", "association", ("--test", "a", "--split", "published"), "--split"),
    ],
)
def test_what_would_be_without_effect_is_refused(tmp_path, verb, task, options, why):
    needed = {"train": ("--train", "c", "--out", tmp_path / "out"), "measure": ("--model", tmp_path)}[verb]
    result = run(verb, "--task", task, *options, *needed, "--features", tmp_path)
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert f"for {why}: " in told
    assert f"{task} takes fewer" in told or f"means nothing to {task}" in told


def test_what_is_missing_is_told_in_a_sentence(steps):
    test, model = ("--test", steps / "test.bundle"), ("--model", steps)
    labels, features = ("--labels", steps / "gts_fps25"), ("--features", steps / "features")
    for options, why in (
        ((*test, *features, *model), "frame labels"),
        ((*test, *labels, "--features", steps / "gts_fps25", *model), "without .pt files"),
        ((*test, *labels, *features, *model), "has no settings.json"),
    ):
        result = run("measure", "--task", "segmentation", *options)
        assert result.exit_code == 2
        assert why in result.stderr


def test_a_model_is_for_one_task_and_one_width(steps, save):
    import torch

    from annexe_ros.procedures.segmentation.mstcn import MsTcn, MsTcnSettings
    from annexe_ros.procedures.weights import save_model

    save_model(steps / "model", "skill", torch_model := MsTcn(MsTcnSettings(width=1024, maps=2, layers=1)))
    assert isinstance(torch_model, torch.nn.Module)
    options = ("--test", steps / "test.bundle", "--labels", steps / "gts_fps25", "--features", steps / "features")
    asked = ("measure", "--task", "segmentation", *options, "--model", steps / "model")
    assert "is a model for skill, not for segmentation" in run(*asked).stderr
    save_model(steps / "model", "segmentation", torch_model)
    assert "has 768 values a frame, the model takes 1024" in run(*asked).stderr
    (steps / "model" / "weights.safetensors").write_bytes(b"nonsense")
    assert "can't be loaded" in run(*asked).stderr
