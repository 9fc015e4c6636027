from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

import soak_callers
from rclpy.task import Future
from soak_callers import Caller, run

from annexe_ros.core.errors import Status
from annexe_ros.srv import EgoQuery

pytestmark = pytest.mark.ros


class Service:
    """A node with one client, an executor and a clock: each call is answered as the script says, None never."""

    def __init__(self, *script):
        self.script, self.time_s, self.asked_s = list(script), 0.0, []

    def create_client(self, *_, **__):
        return self

    def service_is_ready(self):
        return True

    def call_async(self, _):
        self.asked_s.append(self.time_s)
        future = Future()
        if (status := self.script.pop(0)) is not None:
            future.set_result(EgoQuery.Response(status=int(status)))
        return future

    def remove_pending_request(self, future):
        assert not future.done()

    def spin_once(self, timeout_sec):
        self.time_s += 0.01


@pytest.fixture
def asked(monkeypatch):
    def ask(*script):
        service = Service(*script)
        monkeypatch.setattr(soak_callers, "time", SimpleNamespace(monotonic=lambda: service.time_s))
        caller = Caller(service, number=0, lost_s=5.0)
        run([caller], service, len(script))
        return caller, service

    return ask


def test_every_call_is_counted(asked):
    caller, _ = asked(Status.OK, Status.BUSY, Status.OK, None, Status.TIMEOUT)
    assert caller.record.statuses == {"OK": 2, "BUSY": 1, "TIMEOUT": 1}
    assert (caller.calls, caller.answered, caller.lost, len(caller.record.latencies_ms)) == (5, 2, 1, 2)


def test_a_call_without_answer_is_given_up(asked):
    _, service = asked(None, Status.OK)
    assert service.asked_s[1] - service.asked_s[0] == pytest.approx(5.0, abs=0.1)


def test_an_answer_is_followed_by_the_next_call_at_once(asked):
    _, service = asked(*[Status.OK] * 5)
    assert service.asked_s[-1] < 0.5


def test_a_caller_waits_longer_after_each_busy_but_not_for_ever(asked):
    _, service = asked(*[Status.BUSY] * 9)
    pauses = [later - earlier for earlier, later in zip(service.asked_s, service.asked_s[1:], strict=False)]
    assert all(0.5 * 2**i <= pause <= 2**i + 0.1 for i, pause in enumerate(pauses[:3]))
    assert all(4 <= pause <= 8.1 for pause in pauses[3:])
