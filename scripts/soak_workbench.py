"""A place to hurt the perception node: it runs as a process in a ROS domain of its own, and a peer here asks it.

The peer is a camera of small images too. It spins only while it waits for something.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image
from soak_callers import SERVICE
from std_msgs.msg import Header

from annexe_ros.benchmark.processes import isolated_environment, ros_parameters, running, with_profile
from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import Status
from annexe_ros.ros import qos
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.ros.stamps import stamp_message
from annexe_ros.srv import EgoQuery

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"
PROFILE = ROOT / "config" / "fastdds.xml"

RECOVERY_S = 60.0
"""How long a node may take until it answers again, or for the first time [s]; a busy machine is no failure."""

CALL_S = 5.0
"""When a call is given up: the next one may reach a node that came up in between [s]."""

RETRY_S = 0.1
WIDTH, HEIGHT = 320, 240
FRAME = Header(frame_id="head_camera")


class Workbench:
    """One ROS domain with whatever of node, camera and peer a trial starts there."""

    def __init__(self, folder: Path) -> None:
        """Work in a ROS domain of its own; logs and scripts go to ``folder``."""
        self._folder = folder
        self._environment = with_profile(isolated_environment(), PROFILE)
        self._context = rclpy.Context()
        self._pictures = _pictures()

    def __enter__(self) -> Workbench:
        self._folder.mkdir(parents=True, exist_ok=True)
        domain = int(self._environment["ROS_DOMAIN_ID"])
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.peer = rclpy.create_node("peer", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.peer)
        self._query = self.peer.create_client(EgoQuery, SERVICE, qos_profile=qos.calls())
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self.peer.destroy_node()
        self._context.try_shutdown()

    @contextmanager
    def node(self, script: dict[str, Any] | None = None, **parameters: object) -> Iterator[subprocess.Popen[bytes]]:
        """Run the node with an engine that follows a script (see ``Script.from_file``)."""
        path = self._folder / "script.json"
        path.write_text(json.dumps(script or {}), encoding="utf-8")
        arguments = ros_parameters(engine="scripted", model=path, **parameters)
        log = self._folder / "perception_node.log"
        with running(SCRIPTS / "perception_node", arguments, self._environment, log) as process:
            yield process

    def camera(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run a camera of small RGB-D images at 30 Hz."""
        arguments = ["--depth", "--width", WIDTH, "--height", HEIGHT]
        return running(SCRIPTS / "synthetic_camera.py", arguments, self._environment, self._folder / "camera.log")

    def callers(self, number: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run a process of so many callers, who ask until they are ended, and that has sent so many goals."""
        arguments = ["--clients", number, "--queries", 1_000_000, "--goals", number]
        return running(SCRIPTS / "soak_callers.py", arguments, self._environment, self._folder / "callers.log")

    def publisher(self, topic: str, kind: Any) -> Any:
        """Return a publisher that somebody listens to already, unless nobody does in time."""
        publisher = self.peer.create_publisher(kind, topic, 10)
        self.spin_until(publisher.get_subscription_count)
        return publisher

    def ask(self, query: str = "what?", **fields: Any) -> EgoQuery.Response | None:
        """Ask once; None without an answer in time."""
        if not self._query.wait_for_service(CALL_S):
            return None
        return self.result(self._query.call_async(EgoQuery.Request(query=query, **fields)))

    def ask_until(
        self, status: Status, limit_s: float | None = None, before: Callable[[], object] | None = None
    ) -> bool:
        """Ask again and again until the answer has that status; do ``before`` each time."""
        deadline = time.monotonic() + (RECOVERY_S if limit_s is None else limit_s)
        while time.monotonic() < deadline:
            if before is not None:
                before()
            response = self.ask()
            if response is not None and response.status == status:
                return True
            time.sleep(RETRY_S)
        return False

    def result(self, future: Future, limit_s: float = CALL_S) -> Any:
        """Return a future's result, or None when it isn't there in time."""
        self._executor.spin_until_future_complete(future, timeout_sec=limit_s)
        return future.result() if future.done() else None

    def spin_until(self, condition: Callable[[], object], limit_s: float | None = None) -> bool:
        """Spin the peer until the condition holds; say whether it did in time."""
        deadline = time.monotonic() + (RECOVERY_S if limit_s is None else limit_s)
        while not (holds := bool(condition())) and time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.01)
        return holds

    def spin_for(self, duration_s: float) -> None:
        """Spin the peer for so long."""
        self.spin_until(lambda: False, duration_s)

    def pictures(self, stamp_ns: int) -> dict[str, Any]:
        """Return a colour image, its depth and intrinsics, by topic."""
        for message in self._pictures.values():
            message.header.stamp = stamp_message(stamp_ns)
        return self._pictures


def _pictures() -> dict[str, Image | CameraInfo]:
    camera = PinholeCamera(WIDTH, HEIGHT, 250.0, 250.0, WIDTH / 2, HEIGHT / 2)
    return {
        "camera_info": camera_info_message(camera, FRAME),
        "depth": depth_message(np.full((HEIGHT, WIDTH), 0.8, np.float32), FRAME),
        "image": image_message(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), "rgb8", FRAME),
    }
