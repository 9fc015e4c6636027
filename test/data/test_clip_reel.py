"""Clips one after the other: every frame at its time, pauses between."""

import pytest
from plain_clips import write_plain_clips

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.data.clips.reel import PAUSE_NS, ClipReel, is_clip_folder

STEP_NS = 125_000_000


@pytest.fixture
def folder(tmp_path):
    return write_plain_clips(tmp_path, {"a": 50, "b": 150})


def test_frames_come_at_the_clips_pace_with_a_pause_between(folder):
    reel = ClipReel(ClipFolder(folder))
    begin = 2 * STEP_NS + PAUSE_NS
    assert reel.timeline.stamps_ns == (0, STEP_NS, 2 * STEP_NS, begin, begin + STEP_NS, begin + 2 * STEP_NS)
    assert [round(float(reel.picture(index).mean()), -1) for index in range(6)] == [50, 60, 70, 150, 160, 170]
    assert reel.picture(0).shape == (16, 16, 3)


def test_a_clip_without_frames_is_named(folder):
    (folder / "frames" / "b.jpg").unlink()
    reel = ClipReel(ClipFolder(folder))
    reel.picture(2)
    with pytest.raises(DatasetFormatError, match=r"b\.jpg"):
        reel.picture(3)


def test_only_a_folder_of_clips_is_one(folder, tmp_path):
    assert is_clip_folder(folder)
    assert not is_clip_folder(folder / "frames")
    assert not is_clip_folder(tmp_path / "nowhere")
