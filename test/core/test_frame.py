from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from annexe_ros.core import Frame
from annexe_ros.core.errors import BadImageError

IMAGE = np.zeros((4, 6, 3), np.uint8)


class Source:
    """A sensor whose depth takes long to convert."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape, self.calls = shape, 0

    def __call__(self) -> np.ndarray:
        self.calls += 1
        return np.full(self.shape, 0.5, np.float32)


def test_depth_is_made_once_and_only_when_it_is_read():
    source = Source((4, 6))
    frame = Frame(IMAGE, source)
    assert source.calls == 0
    assert frame.depth is frame.depth
    assert (frame.depth[0, 0], source.calls) == (0.5, 1)


def test_depth_of_another_size_is_refused_before_it_is_made():
    source = Source((4, 5))
    with pytest.raises(BadImageError, match="depth is 5x4 and the image 6x4; depth must be aligned"):
        Frame(IMAGE, source)
    assert source.calls == 0


def test_a_frame_made_from_another_has_its_depth():
    frame = Frame(IMAGE, Source((4, 6)))
    assert replace(frame, stamp_ns=5).depth is frame.depth


def test_without_depth_there_is_none():
    assert Frame(IMAGE).depth is None


def test_depth_stays_what_it_is():
    with pytest.raises(FrozenInstanceError):
        Frame(IMAGE).depth = np.zeros((4, 6), np.float32)
