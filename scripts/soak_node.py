"""The perception node as it is, with a note of when each image callback is called; for soak trials.

The times (monotonic clock, ns) are written to `--arrivals` as a JSON list when the node ends.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.subscription import Subscription

from annexe_ros.nodes.perception import PerceptionNode
from annexe_ros.nodes.spinning import spin_until_shutdown


class TimedPerceptionNode(PerceptionNode):
    """Notes the time before it goes on with what it does for an image."""

    def __init__(self, arrivals_ns: list[int], **options: Any) -> None:
        """Make the node; times are added to the list."""
        self._arrivals_ns = arrivals_ns
        super().__init__(**options)

    def create_subscription(
        self, msg_type: Any, topic: str, callback: Callable[..., Any], *args: Any, **options: Any
    ) -> Subscription:
        """Subscribe; what is called for the topic ``image`` is timed."""
        is_image = self.resolve_topic_name(topic) == self.resolve_topic_name("image")
        timed = partial(self._timed, callback) if is_image else callback
        return super().create_subscription(msg_type, topic, timed, *args, **options)

    def _timed(self, callback: Callable[[Any], None], message: Any) -> None:
        self._arrivals_ns.append(time.monotonic_ns())
        callback(message)


def main() -> int:
    """Run the node until it is ended, then write the times."""
    parser = argparse.ArgumentParser(description="Run the perception node and note when images reach it.")
    parser.add_argument("--arrivals", type=Path, required=True, help="JSON file that gets the times [ns]")
    options, _ = parser.parse_known_args()
    arrivals_ns: list[int] = []
    code = spin_until_shutdown(partial(TimedPerceptionNode, arrivals_ns))
    options.arrivals.write_text(json.dumps(arrivals_ns), encoding="utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
