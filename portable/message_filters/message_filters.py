"""Stand-in for the Python API of ROS 2's message_filters: subscribers and time synchronisers.

Written to the semantics of the Jazzy release: which messages form a set, in which order the queues are trimmed, and
that callbacks run while the synchroniser's lock is held. One difference: here a callback that raises gives the lock
back. It does not know caches, chains or C++'s policies.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.clock import ROSClock
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.time import Time


class SimpleFilter:
    """A source of messages that callbacks can be attached to."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable, tuple]] = {}

    def registerCallback(self, cb: Callable, *args: Any) -> int:  # noqa: N802
        """Call ``cb(*messages, *args)`` for every output; return the number of the connection."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:  # noqa: N802
        """Hand one output to every callback, in the order of their registration."""
        for cb, args in self.callbacks.values():
            cb(*msg, *args)


class Subscriber(SimpleFilter):
    """A subscription as a source; arguments as for ``Node.create_subscription`` without the callback."""

    def __init__(self, node: Any, msg_type: type, topic: str, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.node = node
        self.topic = topic
        if not args:
            kwargs.setdefault("qos_profile", 10)
        self.sub = node.create_subscription(msg_type, topic, self.callback, *args, **kwargs)

    def callback(self, msg: Any) -> None:
        """Pass a received message on."""
        self.signalMessage(msg)

    def getTopic(self) -> str:  # noqa: N802
        """Return the topic as it was asked for."""
        return self.topic

    def __getattr__(self, key: str) -> Any:
        if key == "sub":  # not subscribed yet: don't look for it in itself
            raise AttributeError(key)
        return getattr(self.sub, key)


class TimeSynchronizer(SimpleFilter):
    """Gives out sets of messages, one of each filter, whose header stamps are equal."""

    def __init__(self, fs: Sequence[SimpleFilter], queue_size: int) -> None:
        super().__init__()
        self.queue_size = queue_size
        self.lock = threading.Lock()
        self.connectInput(fs)

    def connectInput(self, fs: Sequence[SimpleFilter]) -> None:  # noqa: N802
        """Listen to these filters, each with a queue {stamp [ns]: message} of its own."""
        self.queues: list[dict[int, Any]] = [{} for _ in fs]
        self.input_connections = [
            f.registerCallback(self.add, queue, index)
            for index, (f, queue) in enumerate(zip(fs, self.queues, strict=True))
        ]

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Store a message and give out every set that it completes, oldest first."""
        with self.lock:
            self._store(msg, Time.from_msg(msg.header.stamp).nanoseconds, my_queue)
            for stamp in sorted(set.intersection(*map(set, self.queues))):
                self._give_out([stamp] * len(self.queues))

    def _store(self, msg: Any, stamp: int, queue: dict[int, Any]) -> None:
        queue[stamp] = msg
        while len(queue) > self.queue_size:
            del queue[min(queue)]

    def _give_out(self, stamps: Sequence[int]) -> None:
        self.signalMessage(*(queue[stamp] for queue, stamp in zip(self.queues, stamps, strict=True)))
        for queue, stamp in zip(self.queues, stamps, strict=True):
            del queue[stamp]


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Gives out sets of messages, one of each filter, whose stamps lie less than ``slop`` seconds apart.

    Messages without a header are refused with a warning, or take their arrival time where ``allow_headerless``;
    with ``sync_arrival_time`` all do.
    """

    def __init__(
        self,
        fs: Sequence[SimpleFilter],
        queue_size: int,
        slop: float,
        allow_headerless: bool = False,
        sync_arrival_time: bool = False,
    ) -> None:
        super().__init__(fs, queue_size)
        self.slop = Duration(seconds=slop)
        self.allow_headerless = allow_headerless
        self.sync_arrival_time = sync_arrival_time

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Store a message and give out the set that it completes, preferring the nearest stamps."""
        stamp = self._stamp(msg)
        if stamp is None:
            get_logger("message_filters_approx").warning(
                "a message without header.stamp was dropped; allow_headerless=True would use its arrival time"
            )
            return
        with self.lock:
            self._store(msg, stamp, my_queue)
            complete = next((stamps for stamps in self._candidates(stamp, my_queue_index) if self._fits(stamps)), None)
            if complete is not None:
                self._give_out(complete)

    def _stamp(self, msg: Any) -> int | None:
        has_stamp = hasattr(getattr(msg, "header", None), "stamp")
        if self.sync_arrival_time or (self.allow_headerless and not has_stamp):
            return ROSClock().now().nanoseconds
        if not has_stamp:
            return None
        stamp = msg.header.stamp
        return stamp.nanoseconds if hasattr(stamp, "nanoseconds") else Time.from_msg(stamp).nanoseconds

    def _candidates(self, stamp: int, index: int | None) -> itertools.product[tuple[int, ...]]:
        near = []
        for i, queue in enumerate(self.queues):
            if i == index:
                near.append([stamp])
            else:
                within = [s for s in queue if abs(s - stamp) <= self.slop.nanoseconds]
                near.append(sorted(within, key=lambda s: abs(s - stamp)))
        return itertools.product(*near)

    def _fits(self, stamps: Sequence[int]) -> bool:
        stored = all(stamp in queue for queue, stamp in zip(self.queues, stamps, strict=True))
        return stored and max(stamps) - min(stamps) < self.slop.nanoseconds
