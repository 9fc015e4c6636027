import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame
from annexe_ros.core.errors import NoFrameError, StaleFrameError
from annexe_ros.inference import Mailbox

SECOND = 1_000_000_000


def frame_at(stamp_ns: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), stamp_ns=stamp_ns)


def test_an_empty_slot_names_its_camera():
    with pytest.raises(NoFrameError, match="'head'"):
        Mailbox("head").newest(math.inf, 0)


def test_the_newest_frame_wins_and_stays():
    mailbox = Mailbox("head")
    old, new = frame_at(1), frame_at(2)
    mailbox.put(old)
    mailbox.put(new)
    assert mailbox.newest(1.0, 3) is new
    assert mailbox.newest(1.0, 3) is new
    assert mailbox.received == 2


def test_clear_forgets():
    mailbox = Mailbox("head")
    mailbox.put(frame_at(1))
    mailbox.clear()
    with pytest.raises(NoFrameError):
        mailbox.newest(math.inf, 1)


@given(stamp=st.integers(0, 10 * SECOND), now=st.integers(0, 10 * SECOND), limit=st.floats(0.01, 5.0))
def test_a_frame_is_stale_when_its_stamp_is_further_from_now_than_the_limit(stamp: int, now: int, limit: float):
    mailbox = Mailbox("head")
    mailbox.put(frame_at(stamp))
    if abs(now - stamp) / SECOND > limit:
        with pytest.raises(StaleFrameError) as caught:
            mailbox.newest(limit, now)
        assert caught.value.age_s == pytest.approx((now - stamp) / SECOND)
    else:
        assert mailbox.newest(limit, now).stamp_ns == stamp


def test_infinity_is_no_limit():
    mailbox = Mailbox("head")
    mailbox.put(frame_at(0))
    assert mailbox.newest(math.inf, 10**18).stamp_ns == 0
