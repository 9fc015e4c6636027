"""How every node of the package lives: made, spun in one thread, and ended without a traceback or leftovers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from annexe_ros.core.errors import AnnexeError

HEARTBEAT_S = 0.5
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)
AWAKE_TURNS = 20_000
"""How long OpenMP's helpers wait awake for more work: by default for milliseconds, on cores that messages need."""


def spin_until_shutdown(make_node: Callable[[], Node]) -> int:
    """Make a node, spin it until it is interrupted, and return the exit code.

    A node that can't be made says why in one sentence, and so does one whose callback raises an ``AnnexeError``. Once
    it ends, the process ignores further interruptions: at Ctrl-C the terminal sends one and ``ros2 launch`` another,
    which would cut short what the first one began.
    """
    _let_helpers_sleep()
    rclpy.init()
    try:
        with suppress(KeyboardInterrupt, ExternalShutdownException):
            _spin(make_node())
    except AnnexeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except RuntimeError:  # what rclpy raises for all it can't do, hence whenever it was interrupted in the middle
        if rclpy.ok():
            raise
    finally:
        _end()
    return 0


@contextmanager
def interruptible() -> Iterator[None]:
    """Have ROS in a block that SIGTERM, too, ends with ``KeyboardInterrupt``.

    For programs that spin only now and then: a signal that ends the process by itself leaves the shared memory of Fast
    DDS behind, 64 MiB with our profile. So does a second one that cuts short what the first one began, hence it is
    ignored, as are all once the block has ended.
    """
    interrupt = _interruption()
    for request in INTERRUPTIONS:
        if signal.getsignal(request) is not signal.SIG_IGN:  # as a shell has it for what runs in the background
            signal.signal(request, interrupt)
    rclpy.init()
    try:
        yield
    except (ExternalShutdownException, RuntimeError) as error:
        if rclpy.ok():
            raise
        raise KeyboardInterrupt from error  # rclpy noticed the signal before Python did, perhaps just before it waited
    finally:
        _end()


def _interruption() -> Callable[[int, FrameType | None], None]:
    """Return a handler of signals that raises ``KeyboardInterrupt`` the first time."""
    interrupted = False

    def interrupt(_request: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            raise KeyboardInterrupt

    return interrupt


def _spin(node: Node) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    # A signal wakes the executor before it ends the context (rclpy 7.1, signal_handler.cpp): an executor that looks too
    # early would sleep until the next event. This one comes soon.
    node.create_timer(HEARTBEAT_S, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
    try:
        executor.spin()
    finally:
        _ignore_interruptions()
        node.destroy_node()


def _let_helpers_sleep() -> None:
    """Tell libgomp, which reads its settings once PyTorch is imported; the user's own are left alone."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(AWAKE_TURNS))


def _end() -> None:
    """Shut ROS down, and ignore interruptions from here on.

    An ignored signal stays so, where Python gives others back what they do by default before it destroys the last
    objects.
    """
    _ignore_interruptions()
    with suppress(RuntimeError):  # rclpy's thread for signals may shut the context down once this has seen it alive
        rclpy.try_shutdown()


def _ignore_interruptions() -> None:
    for request in INTERRUPTIONS:
        signal.signal(request, signal.SIG_IGN)
