"""Nodes over real DDS, in the ROS domain that the test run has to itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.srv import EgoQuery

CAMERA = PinholeCamera(64, 48, 50.0, 50.0, 31.5, 23.5)
LIMIT_S = 60.0
"""How long a test waits for what should happen at once; a busy machine is no failure."""
ANSWER_S = 5.0
"""When a call to a service that may not know its client yet is made again."""


@contextmanager
def new_context() -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    context.try_shutdown()


@pytest.fixture
def context() -> Iterator[rclpy.Context]:
    """The context of the node under test."""
    with new_context() as context:
        yield context


@contextmanager
def spinning(node: Node) -> Iterator[Node]:
    """Spin a node in a thread of its own, then destroy it."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    done = threading.Event()
    failed: list[Exception] = []

    def spin() -> None:
        try:
            while not done.is_set():
                executor.spin_once(timeout_sec=0.1)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield node
    finally:
        done.set()
        executor.wake()
        thread.join()
        executor.shutdown()
        node.destroy_node()
        if failed:
            raise failed[0]


class Peer:
    """What is around the node under test: a head camera, and whoever asks."""

    def __init__(self, context: rclpy.Context) -> None:
        self.node = rclpy.create_node("peer", context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self.node)
        self._clients: dict[str, Any] = {}
        self._camera = {
            topic: self.node.create_publisher(kind, topic, 10)
            for topic, kind in (("image", Image), ("depth", Image), ("camera_info", CameraInfo))
        }

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()

    def client(self, kind: type, name: str, harmless: Any) -> Any:
        """Return the client of a service, made known to it by a harmless request.

        A service drops its response to a client that it hasn't discovered within 100 ms (rmw_fastrtps), and the client
        can't tell; so another client makes the request until there is a response.
        """
        deadline = time.monotonic() + LIMIT_S
        while name not in self._clients:
            assert time.monotonic() < deadline, f"no service {name}"
            client = self.node.create_client(kind, name)
            if client.wait_for_service(ANSWER_S) and self._answers(client, harmless):
                self._clients[name] = client
            else:
                self.node.destroy_client(client)
        return self._clients[name]

    def _answers(self, client: Any, request: Any) -> bool:
        future = client.call_async(request)
        self._executor.spin_until_future_complete(future, timeout_sec=ANSWER_S)
        return future.done()

    def result(self, future: Any) -> Any:
        self._executor.spin_until_future_complete(future, timeout_sec=LIMIT_S)
        assert future.done(), "no response"
        return future.result()

    def call(self, client: Any, request: Any) -> Any:
        return self.result(client.call_async(request))

    def ask_async(self, query: str = "what?", **fields: Any) -> Any:
        """Ask; unless a test sets ``max_frame_age``, a frame may be as old as a busy machine makes it."""
        client = self.client(EgoQuery, "/annexe/query", EgoQuery.Request(query=""))
        return client.call_async(EgoQuery.Request(query=query, **{"max_frame_age": LIMIT_S, **fields}))

    def ask(self, query: str = "what?", **fields: Any) -> EgoQuery.Response:
        return self.result(self.ask_async(query, **fields))

    def have_done(self, node: Node, *work: Callable[[], Any]) -> None:
        """Have a spinning node do something between its callbacks, as a call of a service would."""
        for piece in work:
            task = node.executor.create_task(piece)
            self.wait_until(task.done)

    def wait_until(self, condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            self._executor.spin_once(timeout_sec=0.02)

    def header(self, age_s: float = 0.0) -> Header:
        now = self.node.get_clock().now() - rclpy.duration.Duration(seconds=age_s)
        return Header(stamp=now.to_msg(), frame_id="head_camera")

    def show(self, *, age_s: float = 0.0, with_depth: bool = True, depth_rows: int = 48) -> Header:
        """Send one frame: grey, 0.8 m away; return its header."""
        header = self.header(age_s)
        self._camera["camera_info"].publish(camera_info_message(CAMERA, header))
        if with_depth:
            self._camera["depth"].publish(depth_message(np.full((depth_rows, 64), 0.8, np.float32), header))
        self._camera["image"].publish(image_message(np.full((48, 64, 3), 90, np.uint8), "rgb8", header))
        return header

    def is_watched(self) -> bool:
        """Say whether somebody gets what the camera sends; the graph's counts run ahead of that."""
        return all(publisher.get_subscription_count() for publisher in self._camera.values())

    def ask_about_camera(self, query: str = "what?", show: dict[str, Any] | None = None, **fields: Any) -> Any:
        """Show frames until one arrived, and ask; discovery takes its time."""
        self.wait_until(self.is_watched)
        return self.ask_until(lambda: self.show(**(show or {})), {EgoQuery.Response.NO_FRAME}, query=query, **fields)

    def ask_until(self, show: Callable[[], Any], early: set[int], **fields: Any) -> Any:
        """Show and ask until the status is none of ``early``; return that response."""
        responses: list[EgoQuery.Response] = []

        def answered() -> bool:
            show()
            responses.append(self.ask(**fields))
            return responses[-1].status not in early

        self.wait_until(answered)
        return responses[-1]


def state_of(peer: Peer) -> str:
    client = peer.client(GetState, "/annexe/get_state", GetState.Request())
    return peer.call(client, GetState.Request()).current_state.label


def change(peer: Peer, transition: int) -> bool:
    unknown = ChangeState.Request(transition=Transition(label="no such transition"))
    client = peer.client(ChangeState, "/annexe/change_state", unknown)
    return peer.call(client, ChangeState.Request(transition=Transition(id=transition))).success


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A peer with a context of its own, as in another process.

    Within one, Fast DDS now and then fails to match endpoints that two threads make at the same time.
    """
    with new_context() as context:
        peer = Peer(context)
        yield peer
        peer.close()
