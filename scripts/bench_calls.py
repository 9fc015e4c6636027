"""A camera and a caller of the perception node in one, for ``annexe bench``: how long calls take from outside.

Before each call the camera sends one new image with depth, so that every call is about a frame that the node has not
seen; only the follow-ups are about the one before. What was measured goes to `--out` as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from annexe_ros.benchmark.pairs import median_ms
from annexe_ros.benchmark.processes import resident_mb
from annexe_ros.benchmark.views import QUESTIONS, views
from annexe_ros.core import Frame, GroundedObject, Interpretation, PinholeCamera, Query, Role
from annexe_ros.core.errors import EngineError, Status
from annexe_ros.nodes.spinning import interruptible
from annexe_ros.ros import qos
from annexe_ros.ros.answers import answer_message, label_image_message
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.srv import EgoQuery

RECORDING = Path(__file__).parents[1] / "examples" / "recordings" / "head_camera"
READY_S, ANSWER_S = 120.0, 30.0
FIRST_ANSWER_S = 10.0
"""The answer to a client that the node hasn't discovered yet is lost, and asking again is all there is to do [s]."""

ARRIVAL_S = 0.1
"""Time for an image to reach the node before it is asked about [s]."""

DEPTH_M = 0.8


class Caller:
    """A camera whose images are of one size, and a client of the service ``/annexe/query``."""

    def __init__(self, images: list[NDArray[np.uint8]]) -> None:
        """Advertise, subscribe to nothing; the images are sent again and again."""
        self._node = rclpy.create_node("bench_calls", enable_rosout=False, start_parameter_services=False)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._client = self._node.create_client(EgoQuery, "/annexe/query", qos_profile=qos.calls())
        silent = PublisherEventCallbacks(
            use_default_callbacks=False
        )  # what our executor waits for costs each call time
        kinds = {"image": Image, "depth": Image, "camera_info": CameraInfo}
        self._publishers = {
            topic: self._node.create_publisher(kind, topic, qos.reliable(), event_callbacks=silent)
            for topic, kind in kinds.items()
        }
        self._messages = cycle([_messages(image) for image in images])

    def wait_until_ready(self) -> None:
        """Send and ask until the node answers; raises ``EngineError`` when it doesn't in time."""
        deadline = time.monotonic() + READY_S
        told = "there is no service"
        while time.monotonic() < deadline:
            if self._client.wait_for_service(1.0):
                self.send()
                response = self._answer_within(FIRST_ANSWER_S, EgoQuery.Request(query=QUESTIONS[0]))
                if response is not None and response.status == Status.OK:
                    return
                told = response.message if response else f"no answer within {FIRST_ANSWER_S:.0f} s"
        raise EngineError(f"the node didn't get ready: {told}")

    def send(self) -> dict[str, Any]:
        """Send one image with depth and intrinsics, taken now, and give it time to arrive."""
        messages = self._stamped()
        for topic in ("camera_info", "depth", "image"):
            self._publishers[topic].publish(messages[topic])
        time.sleep(ARRIVAL_S)
        return messages

    def ask(self, question: str, **fields: Any) -> dict[str, Any]:
        """Ask about the newest frame and return how long it took."""
        request = EgoQuery.Request(query=question, **fields)
        began = time.perf_counter()
        return _measured(self._call(request), began)

    def ask_about_own_image(self, question: str) -> dict[str, Any]:
        """Ask about an image in the request; the time begins with its stamp."""
        began = time.perf_counter()
        image = self._stamped()["image"]
        return _measured(self._call(EgoQuery.Request(query=question, want_3d=False, image=image)), began)

    def ask_nothing(self) -> dict[str, Any]:
        """Send a question without words, which is refused at once, and return how long that took."""
        began = time.perf_counter()
        response = self._call(EgoQuery.Request())
        latency_ms = (time.perf_counter() - began) * 1e3
        if response.status != Status.INVALID_QUERY:
            raise EngineError(f"the node did not refuse a question without words: {response.message}")
        return {"latency_ms": latency_ms, "stages_ms": {}}

    def _stamped(self) -> dict[str, Any]:
        messages = next(self._messages)
        stamp = self._node.get_clock().now().to_msg()
        for message in messages.values():
            message.header.stamp = stamp
        return messages

    def _call(self, request: EgoQuery.Request) -> EgoQuery.Response:
        response = self._answer_within(ANSWER_S, request)
        if response is None:
            raise EngineError(f"the node gave no answer within {ANSWER_S:.0f} s")
        return response

    def _answer_within(self, limit_s: float, request: EgoQuery.Request) -> EgoQuery.Response | None:
        future = self._client.call_async(request)
        self._executor.spin_until_future_complete(future, timeout_sec=limit_s)
        return future.result() if future.done() else None


def _measured(response: EgoQuery.Response, began: float) -> dict[str, Any]:
    latency_ms = (time.perf_counter() - began) * 1e3
    if not response.success:
        raise EngineError(f"the node answered: {response.message}")
    return {"latency_ms": latency_ms, "stages_ms": {item.stage: item.ms for item in response.answer.latencies}}


def _messages(image: NDArray[np.uint8]) -> dict[str, Any]:
    height, width = image.shape[:2]
    header = Header(frame_id="head_camera")
    camera = PinholeCamera(width, height, 0.7 * width, 0.7 * width, width / 2, height / 2)
    return {
        "image": image_message(image, "rgb8", header),
        "depth": depth_message(np.full((height, width), DEPTH_M, np.float32), header),
        "camera_info": camera_info_message(camera, header),
    }


def message_ms(image: NDArray[np.uint8]) -> float:
    """Return how long it takes to make the messages of an answer with four targets [ms]."""
    height, width = image.shape[:2]
    labels = np.zeros((height, width), np.uint8)
    labels[: height // 2, : width // 2] = np.arange(1, 5).repeat(width // 8)[None]
    objects = tuple(GroundedObject(f"object {value}", value, 0.9, Role.OBJECT) for value in range(1, 5))
    reply = Interpretation("", "", True, 0.9, objects, labels, "", "")
    frame, query = Frame(image), Query(QUESTIONS[0])
    return median_ms(lambda: (answer_message(reply, frame, query), label_image_message(reply, frame)), repeats=9)


def measure(caller: Caller, calls: int) -> dict[str, Any]:
    """Make so many calls of each kind; return what each took."""
    found: dict[str, Any] = {"newest": [], "follow_up": [], "own_image": [], "located": [], "refused": []}
    for question, other in islice(cycle(pairwise((*QUESTIONS, QUESTIONS[0]))), calls):
        caller.send()
        found["newest"].append(caller.ask(question, want_3d=False))
        found["follow_up"].append(caller.ask(other, want_3d=False))
        found["own_image"].append(caller.ask_about_own_image(question))
        caller.send()
        found["located"].append(caller.ask(question, want_3d=True))
        found["refused"].append(caller.ask_nothing())
    return found


def main() -> int:
    """Wait for the node, measure, write the result."""
    options = _parser().parse_args()
    images = views(8, RECORDING, (options.width, options.height))
    with interruptible():
        caller = Caller(images)
        try:
            caller.wait_until_ready()
            measure(caller, 2)  # warms up both ends
            found = measure(caller, options.calls)
        except EngineError as error:
            print(error)
            return 1
    found |= {"message_ms": message_ms(images[0]), "memory_mb": options.node and resident_mb(options.node)}
    options.out.write_text(json.dumps(found), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure a perception node from outside.")
    parser.add_argument("--width", type=int, default=1280, help="of the images [pixels] (%(default)s)")
    parser.add_argument("--height", type=int, default=720, help="of the images [pixels] (%(default)s)")
    parser.add_argument("--calls", type=int, default=12, help="of each kind (%(default)s)")
    parser.add_argument("--node", type=int, help="process id of the node, whose memory is told")
    parser.add_argument("--out", type=Path, required=True, help="JSON file")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
