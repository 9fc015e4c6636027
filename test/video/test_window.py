"""The rolling window: which frames become a clip, at which times, and when there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame
from annexe_ros.video.window import Coverage, FrameWindow, WindowShape

SHAPE = WindowShape(span_s=2.0, frames=16, side=8, max_gap_s=0.3)
MS = 1_000_000


def frame(at_ms, grey=0, size=(8, 8)):
    return Frame(np.full((*size, 3), grey, np.uint8), stamp_ns=round(at_ms * MS))


def window_of(times_ms, shape=SHAPE):
    """Return a window of frames whose grey tells their number."""
    window = FrameWindow(shape)
    for number, time in enumerate(times_ms):
        window.add(frame(time, number % 256))
    return window


def test_a_clip_is_the_encoders_frames_at_even_times():
    clip = window_of(range(0, 3001, 25)).clip()
    assert clip.frames.shape == (16, 8, 8, 3)
    assert clip.frames[:, 0, 0, 0].tolist() == list(range(45, 121, 5))
    assert (clip.start_ns, clip.end_ns) == (1125 * MS, 3000 * MS)
    assert clip.stamps_ns == tuple(range(1125 * MS, 3001 * MS, 125 * MS))


def test_a_camera_of_the_encoders_pace_fills_a_window_with_as_many_frames():
    assert window_of(range(0, 15 * 125, 125)).coverage is Coverage.FILLING
    clip = window_of(range(0, 16 * 125, 125)).clip()
    assert clip.frames[:, 0, 0, 0].tolist() == list(range(16))


def test_an_empty_window_is_filling():
    window = FrameWindow(SHAPE)
    assert window.coverage is Coverage.FILLING
    assert window.clip() is None


def test_a_gap_drops_the_window_until_it_has_passed():
    times = [*range(0, 2001, 100), *range(2400, 4200, 100)]
    assert window_of(times).coverage is Coverage.GAP
    assert window_of(times).clip() is None
    assert window_of([*times, *range(4200, 4400, 100)]).coverage is Coverage.WHOLE


def test_a_frame_out_of_order_is_left_out_and_a_jump_of_the_clock_begins_anew():
    window = window_of(range(0, 3001, 100))
    assert not window.add(frame(2950))
    assert not window.add(frame(3000))
    assert window.coverage is Coverage.WHOLE
    assert window.add(frame(1000))
    assert window.coverage is Coverage.FILLING


def test_another_resolution_of_the_camera_makes_no_difference():
    window = FrameWindow(SHAPE)
    for number in range(40):
        window.add(frame(number * 100, 50, (48, 64) if number % 2 else (720, 1280)))
    assert (window.clip().frames == 50).all()


def test_a_clip_that_was_taken_stays_as_it_is():
    window = window_of(range(0, 3001, 100))
    clip = window.clip()
    before = clip.frames.copy()
    window.add(frame(3100, 255))
    assert (clip.frames == before).all()


def test_windows_that_overlap_show_the_same_frames():
    times = np.cumsum(np.random.default_rng(0).integers(25, 42, 200))
    window, shown = FrameWindow(SHAPE), []
    for number, time in enumerate(times):
        window.add(frame(int(time)))
        if number % 7 == 0 and (clip := window.clip()) is not None:
            shown += clip.stamps_ns
    covered_steps = (max(shown) - min(shown)) / SHAPE.step_ns + 1
    assert len(set(shown)) <= 1.2 * covered_steps


def test_the_grid_begins_anew_after_a_gap():
    times = [*range(0, 1000, 125), *range(1437, 1437 + 16 * 125, 125)]
    clip = window_of(times).clip()
    assert [stamp // MS for stamp in clip.stamps_ns] == times[-16:]


gaps_ms = st.lists(st.integers(5, 290), min_size=1, max_size=150)


@given(gaps_ms)
def test_without_gaps_a_window_is_whole_once_it_reaches_back_far_enough(gaps):
    times = np.cumsum([0, *gaps])
    window = window_of(times)
    clip = window.clip()
    duration_ns = int(times[-1] - times[0]) * MS
    if duration_ns >= SHAPE.reach_ns + SHAPE.step_ns:
        assert clip is not None
    if clip is not None:
        assert duration_ns >= SHAPE.reach_ns - SHAPE.step_ns
        numbers = clip.frames[:, 0, 0, 0].astype(int)
        assert [stamp // MS for stamp in clip.stamps_ns] == times[numbers].tolist()
        assert (np.diff(numbers) >= 0).all()
        assert 0 <= times[-1] - clip.end_ns / MS <= 290
        even_ms = np.diff(clip.stamps_ns) / MS
        assert (np.abs(np.cumsum(even_ms) - 125 * np.arange(1, 16)) <= 290 + 125).all()


@given(gaps_ms, st.integers(301, 1500), gaps_ms)
def test_no_clip_spans_a_gap(before, gap, after):
    times = np.cumsum([0, *before, gap, *after])
    clip = window_of(times).clip()
    if clip is not None:
        assert clip.start_ns >= times[len(before) + 1] * MS


@pytest.mark.parametrize("hz", [4, 5, 8, 15, 30, 60])
def test_any_pace_from_four_frames_a_second_stays_whole(hz):
    window = FrameWindow(SHAPE)
    found = [window.add(frame(k * 1000 / hz)) and window.coverage for k in range(10 * hz)]
    assert set(found[int(2.1 * hz) :]) == {Coverage.WHOLE}
    assert len(window._stamps) <= 2 * hz + 2
