"""``annexe narrate-clips``: the files that it writes, with and without a language model, and what it refuses."""

import pytest
from plain_clips import write_plain_clips
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.video.records import read_ego_clip, read_hod


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    return write_plain_clips(folder, {"C0": 60, "C1": 90})


def run(*arguments):
    return CliRunner().invoke(app, ["narrate-clips", *map(str, arguments)])


def test_two_files_tell_of_every_clip(clips, tmp_path):
    result = run("--data", clips, "--out", tmp_path / "told")
    assert result.exit_code == 0, result.stderr
    assert [clip.video for clip in read_hod(tmp_path / "told/hod.csv")] == ["C0", "C1"]
    told = list(read_ego_clip(tmp_path / "told/hoi.csv", hard_negatives=True))
    assert [len(clip.verb_negatives) for clip in told] == [10, 10]


@pytest.mark.model
def test_a_language_model_on_disk_has_a_say(clips, tmp_path):
    from tiny_checkpoints import save_chat_model

    model = save_chat_model(tmp_path / "model", "C pushes the mug a little to the right.")
    result = run("--data", clips, "--out", tmp_path / "told", "--language-model", model)
    assert result.exit_code == 0, result.stderr
    assert {clip.texts for clip in read_hod(tmp_path / "told/hod.csv")} == {
        ("C pushes the mug a little to the right.",)
    }
    assert "it/s" not in result.stderr


@pytest.mark.model
def test_a_folder_without_a_language_model_is_refused(clips, tmp_path):
    result = run("--data", clips, "--out", tmp_path / "told", "--language-model", tmp_path)
    assert result.exit_code == 2
    assert "can't be loaded" in result.stderr


def test_a_folder_that_cant_be_written_is_named(clips, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("--data", clips, "--out", tmp_path / "file/told")
    assert result.exit_code == 2
    assert "can't write into" in " ".join(result.stderr.split())
