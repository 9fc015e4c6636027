"""Folders of generated procedures: what is finished in them is kept, and what can't be written isn't finished."""

import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips import procedure
from annexe_ros.data.clips.procedure import generate_procedures
from annexe_ros.data.recording import Recording
from annexe_ros.data.timed_steps import read_steps


class BlackFilm:
    """In place of what is rendered: one dark frame per clip."""

    def __init__(self, seed, takes, size):
        pass

    def draw(self, step_id, rng):
        return np.zeros((1, 8, 8, 3), np.uint8)

    def close(self):
        pass


def test_a_film_that_cannot_be_written_is_told_and_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(procedure, "ActionPool", BlackFilm)
    obstacle = tmp_path / "tea_0000_001" / "RGB" / ".000002.jpg.part"
    obstacle.mkdir(parents=True)
    with pytest.raises(DatasetFormatError, match=r"000002\.jpg: can't be written"):
        generate_procedures(tmp_path, 2, 0)
    assert [path.parent.name for path in tmp_path.glob("*/steps.json")] == ["tea_0000_000"]
    obstacle.rmdir()
    kept = (tmp_path / "tea_0000_000" / "steps.json").stat().st_mtime_ns
    for name in generate_procedures(tmp_path, 2, 0):
        assert len(Recording.open(tmp_path / name).frames) >= len(read_steps(tmp_path / name))
    assert (tmp_path / "tea_0000_000" / "steps.json").stat().st_mtime_ns == kept


def test_where_all_are_finished_nothing_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(procedure, "ActionPool", None)
    (tmp_path / "tea_0000_000").mkdir()
    (tmp_path / "tea_0000_000" / "steps.json").touch()
    assert generate_procedures(tmp_path, 1, 0) == ["tea_0000_000"]
