"""Multiple choice by a language model that is shown moments of a video."""

import cv2
import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.questions.choices import ChoiceQuestion
from annexe_ros.procedures.questions.vlm import VideoChooser, contact_sheet


class Speaker:
    """Says what it was given to say, and remembers what it was shown and asked."""

    def __init__(self, *replies):
        self.replies, self.shown, self.asked = list(replies), [], []

    def say(self, frame, turns, listen, check, form=None):
        self.shown.append(frame)
        self.asked.append(turns[0].text)
        return self.replies.pop(0)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two videos of 16 frames that grow brighter."""
    folder = tmp_path_factory.mktemp("videos")
    for name in "uv":
        film = cv2.VideoWriter(str(folder / f"{name}.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
        for brightness in range(0, 256, 16):
            film.write(np.full((48, 64, 3), brightness, np.uint8))
        film.release()
    return folder


def question(video, *choices):
    return ChoiceQuestion("q", video, "What is cut?", choices, 0)


def test_moments_of_a_video_lie_in_order(videos):
    sheet = contact_sheet(videos / "u.mp4")
    assert sheet.shape == (480, 1280, 3)
    tiles = [sheet[row : row + 240, column : column + 320].mean() for row in (0, 240) for column in range(0, 1280, 320)]
    assert tiles == sorted(tiles)
    assert tiles[-1] - tiles[0] > 150


def test_replies_are_read_and_a_video_is_looked_at_once(videos):
    speaker = Speaker("(B)", "bread.", "I can't tell")
    told = []
    asked = [question("u", "A carrot", "Bread"), question("u", "A carrot", "Bread"), question("v", "An egg", "A leek")]
    answers = VideoChooser(speaker, videos).choose(asked, lambda done, total: told.append((done, total)))
    assert answers == [1, 1, None]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert speaker.shown[0] is speaker.shown[1]
    assert speaker.shown[2] is not speaker.shown[1]
    assert speaker.asked[0].splitlines()[1:4] == ["What is cut?", "(A) A carrot", "(B) Bread"]


def test_a_missing_video_is_told(videos):
    with pytest.raises(DatasetFormatError, match="no video that can be read"):
        VideoChooser(Speaker(), videos).choose([question("w", "x", "y")])
