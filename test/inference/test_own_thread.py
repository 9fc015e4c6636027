"""Work in a thread that ends with it."""

from __future__ import annotations

import threading

import pytest

from annexe_ros.core.errors import EngineError
from annexe_ros.inference import in_own_thread


def test_the_result_comes_from_a_thread_that_has_ended():
    thread = in_own_thread(threading.current_thread)
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_what_goes_wrong_is_raised_as_it_is():
    def fail():
        raise EngineError("no such engine")

    with pytest.raises(EngineError, match="no such engine"):
        in_own_thread(fail)
