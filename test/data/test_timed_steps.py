"""Steps of a recording, written, read and refused."""

import errno
import json

import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.timed_steps import STEPS_NAME, read_steps, write_steps

STEPS = (TimedStep(1, "open the cabinet", 0.0, 2.5), TimedStep(3, "take the kettle", 2.5, 4.0))


def test_steps_come_back_as_they_were_written(tmp_path):
    write_steps(tmp_path, STEPS)
    assert read_steps(tmp_path) == STEPS


def test_steps_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetFormatError, match=r"steps\.json: can't be written \(No space left"):
        write_steps(tmp_path, STEPS)
    assert not (tmp_path / STEPS_NAME).exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("nothing", "is no list of steps"),
        ("{}", "is no list of steps"),
        ('{"steps": []}', "lists no step"),
        ('{"steps": [{"step_id": 1, "label": "a", "start_s": 0}]}', "is no list of steps"),
        (json.dumps({"steps": [vars(STEPS[1]), vars(STEPS[0])]}), "must follow each other"),
        (json.dumps({"steps": [{**vars(STEPS[0]), "end_s": 0.0}]}), "must follow each other"),
        (json.dumps({"steps": [{**vars(STEPS[0]), "step_id": -1}]}), "the number of 'open the cabinet' is -1"),
        (json.dumps({"steps": [{**vars(STEPS[0]), "step_id": np.inf}]}), "is no list of steps"),
        (json.dumps({"steps": [{**vars(STEPS[0]), "start_s": np.nan}]}), "lasts from nan s to 2.5 s"),
        (json.dumps({"steps": [{**vars(STEPS[0]), "end_s": np.inf}]}), "lasts from 0.0 s to inf s"),
    ],
)
def test_anything_else_is_refused(tmp_path, content, why):
    (tmp_path / STEPS_NAME).write_text(content)
    with pytest.raises(DatasetFormatError, match=why):
        read_steps(tmp_path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DatasetFormatError, match=r"steps\.json: can't be read"):
        read_steps(tmp_path)
