"""The feed of clips: one at a time, every stride of the images' time, none with a gap."""

from concurrent.futures import Future
from threading import Event

import numpy as np

from annexe_ros.core import Frame
from annexe_ros.video.live import ClipFeed
from annexe_ros.video.window import Coverage, WindowShape

SHAPE = WindowShape(span_s=1.0, frames=4, side=4, max_gap_s=0.3)
MS = 1_000_000


class ByHand:
    """An executor whose work is done when the test says so."""

    def __init__(self):
        self.future = None

    def submit(self, work, *arguments):
        self.future = Future()
        self.finish = lambda: self.future.set_result(work(*arguments))
        return self.future

    def shutdown(self, **_):
        pass


def feed(times_ms, stride_s=0.5, executor=None, at_once=True):
    """Return the feed after frames at these times, and the ends [ms] of the clips that were worked on."""
    ends, executor = [], executor or ByHand()
    made = ClipFeed(SHAPE, stride_s, lambda clip: ends.append(clip.end_ns // MS), executor)
    for time in times_ms:
        made.add(Frame(np.zeros((4, 4, 3), np.uint8), stamp_ns=time * MS))
        if at_once and executor.future is not None and not executor.future.done():
            executor.finish()
    return made, ends


def test_a_clip_is_handed_on_when_the_window_is_whole_and_then_every_stride():
    made, ends = feed(range(0, 2501, 100))
    assert ends == [700, 1200, 1700, 2200]
    assert made.statistics.handed_on == 4
    assert made.statistics.coverage is Coverage.WHOLE


def test_what_becomes_due_while_another_is_worked_on_is_left_out():
    made, ends = feed(range(0, 2501, 100), at_once=False)
    assert ends == []
    assert (made.statistics.handed_on, made.statistics.skipped) == (1, 3)


def test_windows_with_a_gap_are_counted_and_dropped():
    made, ends = feed([*range(0, 1001, 100), *range(1500, 3001, 100)])
    assert ends == [700, 2200, 2700]
    assert made.statistics.gaps == 2


def test_a_window_between_two_gaps_is_not_missed():
    times = [begin + k * 100 for begin in range(0, 6000, 1500) for k in range(8)]
    assert feed(times)[1] == [700, 2200, 3700, 5200]


def test_a_clock_that_jumped_back_begins_anew():
    made, ends = feed([*range(10_000, 11_001, 100), *range(0, 1001, 100)])
    assert ends == [10_700, 700]
    assert made.statistics.out_of_order == 0


def test_images_whose_stamps_dont_rise_are_counted():
    made, ends = feed([0] * 10)
    assert ends == []
    assert made.statistics.out_of_order == 9


def test_a_thread_of_its_own_works_on_clips():
    worked = Event()
    made = ClipFeed(SHAPE, 0.5, lambda clip: worked.set())
    for time in range(0, 1001, 100):
        made.add(Frame(np.zeros((4, 4, 3), np.uint8), stamp_ns=time * MS))
    assert worked.wait(30)
    made.close()
