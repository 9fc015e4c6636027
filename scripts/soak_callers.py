"""Many callers of the perception node's service, each asking one question after the other; for soak trials.

A caller that is told BUSY waits before its next call, and twice as long after each further BUSY, as one on a robot
would; an answer is followed by the next call at once. What each was told is written to `--out`, with the times of the
first call and the last answer (monotonic clock, ns).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import rclpy
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

from annexe_ros.action import StreamEgoQuery
from annexe_ros.benchmark.soak import CallerRecord
from annexe_ros.core.errors import Status
from annexe_ros.nodes.spinning import interruptible
from annexe_ros.ros import qos
from annexe_ros.srv import EgoQuery

QUERY = "Segment the hands and objects in interaction."
SERVICE, ACTION = "/annexe/query", "/annexe/stream_query"
BACK_OFF_S, LONGEST_BACK_OFF_S = 1.0, 8.0
"""How long a caller waits after anything but an answer, at most, the first time and after many in a row [s]."""

LOST_S = 60.0
"""A call without an answer for so long is lost; the node tells TIMEOUT after 30 s at the latest [s]."""

READY_S = 120.0
NOT_READY = (Status.NOT_ACTIVE, Status.NO_FRAME)


class Caller:
    """Asks and never waits: ``step`` looks what became of the last call and makes the next when it is due."""

    def __init__(self, node: Node, number: int, lost_s: float = LOST_S) -> None:
        """Connect a client of ``node``; ``number`` gives the caller its own rhythm."""
        # Every answer reaches every client of a service: ten of the others' would push an unread one of ours out.
        self._client = node.create_client(EgoQuery, SERVICE, qos_profile=qos.calls())
        self._random = random.Random(number)
        self._lost_s = lost_s
        self._future: Future | None = None
        self._asked = self._due = 0.0
        self._refusals = 0
        self.statuses: Counter[str] = Counter()
        self.lost = 0
        self.latencies_ms: list[float] = []

    @property
    def calls(self) -> int:
        """Calls that ended so far."""
        return self.lost + self.statuses.total()

    @property
    def answered(self) -> int:
        """Calls that ended with OK."""
        return self.statuses[Status.OK.name]

    @property
    def record(self) -> CallerRecord:
        """What this caller was told so far."""
        return CallerRecord(dict(self.statuses), self.lost, self.latencies_ms)

    def step(self, *, ask: bool = True) -> bool:
        """Go on; say whether a call is under way."""
        now = time.monotonic()
        if self._future is not None:
            self._look(self._future, now)
        elif ask and now >= self._due and self._client.service_is_ready():
            self._future, self._asked = self._client.call_async(EgoQuery.Request(query=QUERY)), now
        return self._future is not None

    def _look(self, future: Future, now: float) -> None:
        if future.done():
            self._take(Status(future.result().status), now)
        elif now - self._asked > self._lost_s:
            self._client.remove_pending_request(future)
            self.lost += 1
            self._future = None

    def _take(self, status: Status, now: float) -> None:
        self._future = None
        self.statuses[status.name] += 1
        if status is Status.OK:
            self.latencies_ms.append((now - self._asked) * 1e3)
            self._refusals = 0
        else:
            longest_s = min(BACK_OFF_S * 2**self._refusals, LONGEST_BACK_OFF_S)
            self._due = now + longest_s * self._random.uniform(0.5, 1.0)
            self._refusals += 1


def run(callers: Sequence[Caller], executor: SingleThreadedExecutor, queries: int) -> None:
    """Let every caller make its ``queries`` calls."""
    going = True
    while going:
        executor.spin_once(timeout_sec=0.005)
        going = max([caller.step(ask=caller.calls < queries) or caller.calls < queries for caller in callers])


def wait_until_ready(node: Node, executor: SingleThreadedExecutor) -> bool:
    """Ask until the node is active and has seen a frame; say whether it did in time."""
    client = node.create_client(EgoQuery, SERVICE)
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if client.wait_for_service(1.0):
            future = client.call_async(EgoQuery.Request(query=QUERY))
            executor.spin_until_future_complete(future, timeout_sec=LOST_S)
            if future.done() and future.result().status not in NOT_READY:
                return True
        time.sleep(0.2)
    return False


def main() -> int:
    """Run as many callers as the command line says; exit with 1 when interrupted or the node doesn't get ready."""
    options = _parser().parse_args()
    with suppress(KeyboardInterrupt), interruptible():
        return _call(options)
    return 1


def _call(options: argparse.Namespace) -> int:
    node = rclpy.create_node("soak_callers")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    client = ActionClient(node, StreamEgoQuery, ACTION)
    callers = [Caller(node, number) for number in range(options.clients)]
    if not wait_until_ready(node, executor):
        print("the node didn't get ready")
        return 1
    for _ in range(options.goals):
        client.send_goal_async(StreamEgoQuery.Goal(query=QUERY))
    began_ns = time.monotonic_ns()
    run(callers, executor, options.queries)
    result = {"records": [asdict(c.record) for c in callers], "began_ns": began_ns, "ended_ns": time.monotonic_ns()}
    if options.out:
        options.out.write_text(json.dumps(result), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Ask the perception node from many callers at once.")
    parser.add_argument("--clients", type=int, default=20, help="callers (%(default)s)")
    parser.add_argument("--queries", type=int, default=50, help="calls of each (%(default)s)")
    parser.add_argument("--goals", type=int, default=0, help="goals of the action, sent first and never looked after")
    parser.add_argument("--out", type=Path, help="JSON file that gets what each caller was told")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
