"""`annexe evaluate-gaze`, `annexe procedures` and `annexe train-tracker` from the outside."""

import json

import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_true_masks_are_measured(rectangle_dataset):
    done = run("evaluate-gaze", "--data", rectangle_dataset, "--true-masks", "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["n"] == 6
    assert figures["right_object"] >= 0.8


def test_an_engine_is_measured_on_crops(rectangle_dataset):
    done = run("evaluate-gaze", "--data", rectangle_dataset, "--engine", "scripted", "--crop", "1/2", "--count", 3)
    assert done.exit_code == 0, done.output
    assert "right_object: " in done.stdout
    assert "n: 3" in done.stdout


def test_an_unknown_crop_is_refused(rectangle_dataset):
    done = run("evaluate-gaze", "--data", rectangle_dataset, "--engine", "scripted", "--crop", "2/5")
    assert done.exit_code == 2
    assert "is not one of full, 3/4, 1/2, 1/3" in done.output


@pytest.mark.model
def test_a_folder_without_films_is_refused(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tiny_encoder import write_tiny_encoder

    encoder = write_tiny_encoder(tmp_path / "encoder")
    done = run("train-tracker", "--data", tmp_path, "--out", tmp_path / "out", "--encoder", encoder)
    assert done.exit_code == 2
    assert "holds no recording with steps.json" in done.output


@pytest.mark.gl
@pytest.mark.slow
def test_films_are_made_and_a_tracker_learns_them(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tiny_encoder import write_tiny_encoder

    from annexe_ros.data.recording import Recording
    from annexe_ros.data.timed_steps import read_steps

    films, out = tmp_path / "films", tmp_path / "tracker"
    assert run("procedures", "--out", films, "--count", 2, "--takes", 1).exit_code == 0
    assert run("procedures", "--out", films, "--count", 2, "--takes", 1).exit_code == 0  # goes on with what is there
    for folder in sorted(films.iterdir()):
        steps, recording = read_steps(folder), Recording.open(folder)
        assert steps[0].step_id == 1
        assert steps[-1].end_s == pytest.approx(recording.timeline.duration_ns / 1e9)
    encoder = write_tiny_encoder(tmp_path / "encoder")
    done = run(
        "train-tracker",
        "--data",
        films,
        "--held-out",
        films,
        "--out",
        out,
        "--encoder",
        encoder,
        "--epochs",
        3,
        "--json",
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["n"] > 40
