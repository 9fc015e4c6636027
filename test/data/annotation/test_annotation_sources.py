"""Frames of every kind of recording, and what is no recording."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")

from annotated import picture, run

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import BadImageError, DatasetFormatError
from annexe_ros.data.annotation.sources import DEFAULT_TOPICS, open_frames


def test_frames_of_a_bag_have_depth_and_the_camera_that_was_told_once(bag):
    source = open_frames(bag, DEFAULT_TOPICS)
    frame = source.read(source.entries[1])
    np.testing.assert_array_equal(frame.image, picture(1)[..., ::-1])
    assert np.allclose(frame.depth, 0.6)
    assert (frame.camera, frame.stamp_ns, frame.frame_id) == (
        PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5), 1001, "head_camera",
    )  # fmt: skip
    with pytest.raises(BadImageError, match="doesn't fit its"):
        source.read(source.entries[2])
    source.close()


def test_a_message_that_is_cut_off_and_a_lens_that_cant_be_undone_are_told(odd_bag):
    source = open_frames(odd_bag, DEFAULT_TOPICS)
    with pytest.raises(DatasetFormatError, match="is damaged"):
        source.read(source.entries[0])
    assert source.read(source.entries[1]).camera.distortion == (0.1, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(BadImageError, match="equidistant"):
        source.read(source.entries[2])
    source.close()


def test_frames_of_a_video_can_be_read_in_any_order(video):
    source = open_frames(video, DEFAULT_TOPICS)
    seen = [int(source.read(source.entries[number]).image[24, 40, 0]) for number in (2, 0, 3)]
    assert np.allclose(seen, [80, 40, 100], atol=6)
    assert [entry.stamp_ns for entry in source.entries] == [0, 10**8, 2 * 10**8, 3 * 10**8]
    source.close()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing", None, "no such file or folder"),
        ("run.db3", b"SQLite format 3", "damaged or no bag in SQLite"),
        ("notes.txt", b"hello", "is no recording: known are"),
        ("clip.mp4", b"not a video", "not a video that OpenCV can read"),
        ("run.mcap", b"not a bag", "damaged or no MCAP file"),
    ],
)
def test_what_is_no_recording_is_told(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetFormatError, match=sentence):
        run(tmp_path / name, tmp_path / "out")
