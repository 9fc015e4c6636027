"""How every node of the package lives: made, spun in one thread, and ended without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from annexe_ros.core.errors import AnnexeError


def spin_until_shutdown(make_node: Callable[[], Node]) -> int:
    """Make a node, spin it until it is interrupted, and return the exit code.

    A node that can't be made says why in one sentence, and so does one whose callback raises an ``AnnexeError``.
    """
    rclpy.init()
    try:
        with suppress(KeyboardInterrupt, ExternalShutdownException):
            _spin(make_node())
    except AnnexeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


def _spin(node: Node) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        executor.spin()
    finally:
        node.destroy_node()
