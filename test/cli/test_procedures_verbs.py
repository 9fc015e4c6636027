"""`annexe evaluate-gaze`, `procedures`, `train-tracker` and `evaluate-tracker` from the outside."""

import json

import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.data.scenes.gaze import ERROR_DEGREES


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


def test_the_help_says_how_far_off_a_gaze_is():
    told = " ".join(run("evaluate-gaze", "--help").stdout.split())
    assert "half a degree off in x and in y" in told
    assert ERROR_DEGREES == 0.5


@pytest.mark.model
def test_a_folder_without_films_is_refused(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tiny_encoder import write_tiny_encoder

    encoder = write_tiny_encoder(tmp_path / "encoder")
    done = run("train-tracker", "--data", tmp_path, "--out", tmp_path / "out", "--encoder", encoder)
    assert done.exit_code == 2
    assert "holds no recording with steps.json" in done.output


@pytest.mark.model
def test_a_tracker_is_measured_on_films_and_in_a_demonstration(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tiny_encoder import write_tiny_encoder
    from tiny_film import write_film

    encoder, films, tracker = write_tiny_encoder(tmp_path / "encoder"), tmp_path / "films", tmp_path / "tracker"
    write_film(films / "paint")
    pace = ("--window", 0.4, "--stride", 0.2, "--epochs", 2)
    done = run("train-tracker", "--data", films, "--out", tracker, "--encoder", encoder, *pace)
    assert done.exit_code == 0, done.output
    measure = ("evaluate-tracker", "--data", films, "--model", tracker)
    figures = json.loads(run(*measure, "--demonstration", films / "paint", "--json").stdout)
    assert figures.keys() == {"accuracy", "commonest", "next_step", "n", "place", "place_by_view"}
    assert figures["place_by_view"] >= 0.8  # the film is its own demonstration
    plain = run(*measure)
    assert f"accuracy: {figures['accuracy']:.4g}" in plain.stdout
    assert "place" not in plain.stdout
    missing = run("evaluate-tracker", "--data", films, "--model", tmp_path)
    assert missing.exit_code == 2
    assert "no step tracker can be loaded" in missing.output


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
