"""The scheduler's promises, tried with events and a clock that only the test moves."""

import threading
from concurrent.futures import wait as wait_for

import pytest
from held_scheduler import FRAME, WAIT_S, Bench

from annexe_ros.core import Frame, Progress, Query
from annexe_ros.core.errors import BusyError, CancelledError, NoFrameError, NotActiveError, QueryTimeoutError
from annexe_ros.inference import Scheduler, ScriptedEngine


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.release(100)
    assert bench.scheduler.close(WAIT_S)


def test_an_answer_comes_with_its_place_and_the_time_that_took():
    scheduler = Scheduler(ScriptedEngine())
    reply = scheduler.submit(FRAME, Query("mug?")).result(WAIT_S)
    assert reply.answer == "mug"
    assert reply.objects[0].box3d is not None
    assert reply.latencies[-1].stage == "locate"
    assert scheduler.close(WAIT_S)


def test_without_3d_nothing_is_located():
    scheduler = Scheduler(ScriptedEngine())
    reply = scheduler.submit(FRAME, Query("mug?", want_3d=False)).result(WAIT_S)
    assert reply.objects[0].box3d is None
    assert "locate" not in [latency.stage for latency in reply.latencies]
    assert scheduler.close(WAIT_S)


def test_queries_are_answered_in_order(bench: Bench):
    futures = [bench.occupy(), *(bench.scheduler.submit(FRAME, Query(text)) for text in ("second", "third"))]
    bench.release(3)
    wait_for(futures, WAIT_S)
    assert [text for _, text in bench.engine.seen] == ["first", "second", "third"]


def test_the_frame_is_asked_for_when_the_work_begins(bench: Bench):
    running, newest = bench.occupy(), [FRAME]
    waiting = bench.scheduler.submit(lambda: newest[-1], Query("second"))
    newest.append(Frame(FRAME.image, FRAME.depth, FRAME.camera, stamp_ns=7))
    bench.release(2)
    wait_for([running, waiting], WAIT_S)
    assert [frame.stamp_ns for frame, _ in bench.engine.seen] == [0, 7]


def test_a_full_queue_refuses_at_once(bench: Bench):
    bench.occupy()
    for _ in range(2):
        bench.scheduler.submit(FRAME, Query("waits"))
    with pytest.raises(BusyError) as caught:
        bench.scheduler.submit(FRAME, Query("too many"))
    assert caught.value.waiting == 2
    assert bench.scheduler.statistics.rejected == 1


def test_whatever_is_raised_is_the_querys_own_and_the_next_is_served(bench: Bench):
    def no_frame() -> Frame:
        raise NoFrameError("head")

    assert isinstance(bench.scheduler.submit(no_frame, Query("none yet")).exception(WAIT_S), NoFrameError)
    broken = bench.scheduler.submit(lambda: 1 / 0, Query("broken source"))
    assert isinstance(broken.exception(WAIT_S), ZeroDivisionError)
    bench.release()
    assert bench.scheduler.submit(FRAME, Query("works")).result(WAIT_S).has_target


def test_cancelling_a_waiting_future_frees_its_place(bench: Bench):
    running = bench.occupy()
    waiting = [bench.scheduler.submit(FRAME, Query("waits")) for _ in range(2)]
    assert waiting[0].cancel()
    bench.release(3)
    later = bench.scheduler.submit(FRAME, Query("takes the place"))
    wait_for([running, waiting[1], later], WAIT_S)
    assert [text for _, text in bench.engine.seen] == ["first", "waits", "takes the place"]


def test_a_running_query_is_cancelled_through_its_progress(bench: Bench):
    taken_back = threading.Event()
    running = bench.occupy(progress=Progress(cancelled=taken_back.is_set))
    taken_back.set()
    bench.release()
    assert isinstance(running.exception(WAIT_S), CancelledError)


def test_a_running_query_past_its_time_is_told_so(bench: Bench):
    running = bench.occupy(timeout_s=2.0)
    bench.clock.now = 2.5
    bench.release()
    error = running.exception(WAIT_S)
    assert isinstance(error, QueryTimeoutError)
    assert error.limit_s == 2.0


def test_waiting_queries_are_let_go_while_another_one_runs(bench: Bench):
    taken_back = threading.Event()
    running = bench.occupy()
    late = bench.scheduler.submit(FRAME, Query("late"), timeout_s=1.0)
    cancelled = bench.scheduler.submit(FRAME, Query("unwanted"), Progress(cancelled=taken_back.is_set))
    bench.clock.now = 1.0
    taken_back.set()
    bench.release()
    assert isinstance(late.exception(WAIT_S), QueryTimeoutError)
    assert isinstance(cancelled.exception(WAIT_S), CancelledError)
    assert running.result(WAIT_S).has_target
    assert [text for _, text in bench.engine.seen] == ["first"]


def test_a_new_query_takes_the_place_of_one_past_its_time(bench: Bench):
    bench.occupy()
    late = [bench.scheduler.submit(FRAME, Query("late"), timeout_s=1.0) for _ in range(2)]
    bench.clock.now = 1.0
    bench.scheduler.submit(FRAME, Query("new"))
    assert all(isinstance(future.exception(0), QueryTimeoutError) for future in late)


def test_closing_finishes_the_running_one_and_fails_the_rest(bench: Bench):
    running, waiting = bench.occupy(), bench.scheduler.submit(FRAME, Query("waits"))
    waiting.add_done_callback(lambda _: bench.release())  # not sooner, or its turn may come
    assert bench.scheduler.close(WAIT_S)
    assert running.result(0).has_target
    assert isinstance(waiting.exception(0), NotActiveError)
    with pytest.raises(NotActiveError):
        bench.scheduler.submit(FRAME, Query("after"))
    assert bench.scheduler.close(WAIT_S)


def test_closing_stops_what_does_not_finish_in_time(bench: Bench):
    running = bench.occupy()
    assert not bench.scheduler.close(timeout_s=0.01)
    bench.release()
    assert isinstance(running.exception(WAIT_S), NotActiveError)


def test_statistics_count_how_queries_ended(bench: Bench):
    running = bench.occupy()
    waiting = bench.scheduler.submit(FRAME, Query("late"), timeout_s=1.0)
    before = bench.scheduler.statistics
    bench.clock.now = 1.5
    bench.release()
    wait_for([running, waiting], WAIT_S)
    after = bench.scheduler.statistics
    assert (before.waiting, before.running, before.answered) == (1, True, 0)
    assert (after.waiting, after.running, after.answered, after.failed) == (0, False, 1, 1)
    assert after.durations_s == (1.5,)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_queue_without_places_is_refused(capacity: int):
    with pytest.raises(ValueError, match="at least one"):
        Scheduler(ScriptedEngine(), capacity)


def test_many_callers_lose_nothing():
    scheduler = Scheduler(ScriptedEngine(), capacity=4)
    outcomes: list[str] = []

    def call() -> None:
        for _ in range(20):
            try:
                outcomes.append(scheduler.submit(FRAME, Query("mug?")).result(WAIT_S).answer)
            except BusyError:
                outcomes.append("busy")

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(WAIT_S)
    statistics = scheduler.statistics
    assert len(outcomes) == 160
    assert outcomes.count("mug") == statistics.answered
    assert outcomes.count("busy") == statistics.rejected
    assert scheduler.close(WAIT_S)


def test_callers_take_turns_and_nobody_starves():
    bench = Bench(capacity=9)
    bench.occupy(caller="service")
    futures = [bench.scheduler.submit(FRAME, Query(f"many {k}"), caller="service") for k in range(3)]
    futures += [bench.scheduler.submit(FRAME, Query(f"one {name}"), caller=name) for name in ("robot", "standing")]
    for _ in range(6):
        bench.engine.gate.release()
    wait_for(futures, WAIT_S)
    order = [text for _, text in bench.engine.seen]
    assert order == ["first", "one robot", "one standing", "many 0", "many 1", "many 2"]
    assert bench.scheduler.close(WAIT_S)
