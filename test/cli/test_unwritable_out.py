"""Verbs that save a model: a folder that can't be is told before any work, and one for nothing is taken back."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.cli.terminal import writing_into

VERBS = {
    "train": ("--data",),
    "train-clips": ("--data",),
    "assemble": ("--llm",),
    "convert": ("--checkpoint",),
    "train-tracker": ("--data",),
    "egoexolearn train": ("--task=skill", "--train", "--test", "--features"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_told_before_anything_is_read(verb, tmp_path):
    (tmp_path / "file").write_text("")
    options = [part for name in VERBS[verb] for part in ([name] if "=" in name else [name, str(tmp_path / "missing")])]
    result = CliRunner().invoke(app, [*verb.split(), *options, "--out", str(tmp_path / "file" / "model")])
    assert result.exit_code == 2, result.exception
    assert "can't write into" in " ".join(result.stderr.split())
    assert "missing" not in result.stderr


def test_a_folder_in_which_nothing_can_be_written_is_told_before_the_work():
    with pytest.raises(typer.BadParameter, match="can't write into '/proc/self'"), writing_into(Path("/proc/self")):
        pytest.fail("it began")


def test_what_fails_leaves_no_empty_folder(tmp_path):
    with pytest.raises(KeyError), writing_into(tmp_path / "new"):
        raise KeyError
    assert not (tmp_path / "new").exists()
    with pytest.raises(KeyError), writing_into(tmp_path):
        raise KeyError
    with suppress(KeyError), writing_into(tmp_path / "new"):
        (tmp_path / "new" / "part").mkdir()
        raise KeyError
    assert (tmp_path / "new" / "part").exists()


@pytest.mark.parametrize(
    "told", [(errno.ENOSPC, "No space left on device"), (errno.EACCES, "Denied", "model/log.jsonl")]
)
def test_what_is_refused_in_the_folder_is_told(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.BadParameter, match=told[1]), writing_into(tmp_path / "model"):
        raise OSError(*told)


@pytest.mark.parametrize("told", [("holds no weights",), (errno.ENOENT, "No such file", "/data/view.jpg")])
def test_what_is_refused_elsewhere_is_not_the_folders(told, tmp_path):
    with pytest.raises(OSError, match=told[-1].split("/")[-1]), writing_into(tmp_path / "model"):
        raise OSError(*told)
