"""Windows of a recording: a stride apart, as a live camera's are, and nothing for what is too short."""

import numpy as np
import pytest

from annexe_ros.core import Frame
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.tracking.windows import embed_windows
from annexe_ros.video.window import WindowShape

SHAPE = WindowShape(span_s=0.4, frames=4, side=8, max_gap_s=0.3)
STEP_NS = 50_000_000


def brightness(clip):
    """Embed a clip as the brightness of its first and of its last frame."""
    return np.array([clip.frames[0].mean(), clip.frames[-1].mean()], np.float32)


def film(count, begin_ns=7_000_000_000, step_ns=STEP_NS):
    for number in range(count):
        yield Frame(np.full((8, 8, 3), number, np.uint8), stamp_ns=begin_ns + number * step_ns)


def test_windows_are_a_stride_apart_and_see_nothing_later():
    found = embed_windows(film(60), brightness, SHAPE, 0.2)
    assert found.features.shape == (len(found.ends_s), 2)
    assert np.allclose(np.diff(found.ends_s), 0.2)
    assert 0.25 <= found.ends_s[0] <= 0.45
    assert np.allclose(found.features[:, 1], found.ends_s / 0.05)
    assert np.allclose(found.features[:, 1] - found.features[:, 0], 6)


def test_a_recording_without_a_window_is_refused():
    with pytest.raises(DatasetFormatError, match=r"too short, or has too long gaps, for a window of 0\.4 s"):
        embed_windows(film(3), brightness, SHAPE, 0.2)
    with pytest.raises(DatasetFormatError, match="too short"):
        embed_windows(film(20, step_ns=400_000_000), brightness, SHAPE, 0.2)
    with pytest.raises(DatasetFormatError, match="too short"):
        embed_windows(iter(()), brightness, SHAPE, 0.2)
