"""The command ``query_client``: asks a perception node one or several questions through its service ``query``.

Prints a table of the answers and, with ``--out``, writes what the node published for people. Exits with 1 when any
question was not answered. "No such target" is an answer.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import remove_ros_args
from rich.console import Console
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import AnnexeError, DatasetFormatError, InvalidQueryError, Status
from annexe_ros.data.ego_irgbench import read_colour, read_depth
from annexe_ros.nodes.query_report import Asked, Question, results_table, write_results
from annexe_ros.nodes.spinning import interruptible
from annexe_ros.ros import qos
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import depth_message, image_message
from annexe_ros.ros.parameter_requests import refuse_unknown_types
from annexe_ros.srv import EgoQuery

NOT_YET = (Status.NOT_ACTIVE, Status.NO_FRAME, Status.STALE_FRAME)
RETRY_S = 0.2
PICTURE_WAIT_S, LATE_PICTURE_S = 2.0, 20.0
"""How long pictures may take: the first ones, which may have gone unheard, and those after some that came."""
GREETING_S = 2.0
DISCOVERY_S = 1.0
"""How long a topic of pictures may take to be found; the node draws none that nobody listens to."""


class NoAnswerError(AnnexeError):
    """The node didn't answer in time."""


class QueryClient(Node):
    """Asks the service of one perception node and, where wanted, listens to its pictures."""

    def __init__(self, target: str, *, with_pictures: bool = False, **options: Any) -> None:
        """Connect to the node ``target``, e.g. ``/annexe``."""
        super().__init__("query_client", **options)
        refuse_unknown_types(self)
        self._spinner = SingleThreadedExecutor(context=self.context)
        self._spinner.add_node(self)
        self._query = self.create_client(EgoQuery, f"{target}/query")
        self._state = self.create_client(GetState, f"{target}/get_state")
        self._told, self._greeted = "", False
        self._picture_wait_s = PICTURE_WAIT_S
        self._target, self._with_pictures = target, with_pictures
        self._listened: set[str] = set()
        self._overlays: list[Image] = []
        self._markers: list[MarkerArray] = []
        if with_pictures:
            self._subscribe("")

    def ask(self, question: Question, request: EgoQuery.Request, timeout_s: float) -> Asked:
        """Ask once; raises ``NoAnswerError``.

        Where the answer is the first about a camera that the request didn't name, its pictures went unheard: then once
        more.
        """
        self._overlays.clear()
        self._markers.clear()
        request.query = question.query
        if not self._greeted:
            self._is_active(timeout_s)
        self._listen_to(request.camera)
        response, latency_ms = self._timed(request, timeout_s)
        if response.success and self._listen_to(response.answer.camera):
            response, latency_ms = self._timed(request, timeout_s)
        stamp = response.answer.header.stamp
        if response.success and self._with_pictures:
            self._wait_for_pictures(stamp)
        return Asked(question, response, latency_ms, self._overlay(stamp), self._marker_array(stamp))

    def _timed(self, request: EgoQuery.Request, timeout_s: float) -> tuple[EgoQuery.Response, float]:
        """Return the response and what it took [ms]."""
        started = time.perf_counter()
        response = self._call(self._query, request, timeout_s)
        return response, (time.perf_counter() - started) * 1e3

    def _listen_to(self, camera: str) -> bool:
        """Listen to a camera's pictures where they are wanted; return whether that is new."""
        if not self._with_pictures or camera in self._listened:
            return False
        overlay = self._subscribe(camera)
        deadline = time.monotonic() + DISCOVERY_S
        while not self.count_publishers(overlay) and time.monotonic() < deadline:
            self._spinner.spin_once(timeout_sec=RETRY_S)
        return True

    def _subscribe(self, camera: str) -> str:
        """Subscribe to a camera's pictures and return the topic of its overlays."""
        self._listened.add(camera)
        prefix = f"{self._target}/{camera}" if camera else self._target
        self.create_subscription(Image, f"{prefix}/overlay", self._overlays.append, qos.reliable())
        self.create_subscription(MarkerArray, f"{prefix}/markers", self._markers.append, qos.reliable())
        return f"{prefix}/overlay"

    def ask_when_ready(self, question: Question, request: EgoQuery.Request, timeout_s: float, wait_s: float) -> Asked:
        """Ask again and again until the node is active, has seen a frame, and its pictures arrive here.

        Tells what it waits for. After ``wait_s`` the last reply counts, whatever it is; raises ``NoAnswerError``.
        """
        deadline = time.monotonic() + wait_s
        while not self._is_active(wait_s):
            self._tell(self.ask(question, request, wait_s).response.message)
            if time.monotonic() > deadline:
                break
        asked = self.ask(question, request, timeout_s)
        while self._is_not_ready(asked) and time.monotonic() < deadline:
            self._tell(asked.response.message)
            asked = self.ask(question, request, timeout_s)
        return asked

    def _is_active(self, wait_s: float) -> bool:
        """Ask the node for its state until it answers.

        A service drops its response to a client that it hasn't discovered (rmw_fastrtps); once this one answers, the
        node knows the client of ``query`` too, which is the older one.
        """
        response = self._call(self._state, GetState.Request(), wait_s, again_s=GREETING_S)
        self._greeted = True
        return response.current_state.id == State.PRIMARY_STATE_ACTIVE

    def _call(self, client: Client, request: Any, timeout_s: float, again_s: float = math.inf) -> Any:
        """Return the response; call again after ``again_s`` without one."""
        if not client.wait_for_service(timeout_s):
            raise NoAnswerError(f"there is no service '{client.service_name}'; is the perception node running?")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            future = client.call_async(request)
            self._spinner.spin_until_future_complete(future, timeout_sec=min(left_s, again_s))
            if future.done():
                return future.result()
        raise NoAnswerError(f"'{client.service_name}' gave no answer within {timeout_s:.0f} s")

    def _tell(self, obstacle: str) -> None:
        """Say what is waited for, once each, and wait a little."""
        if obstacle != self._told:
            self.get_logger().info(f"waiting: {obstacle}")
            self._told = obstacle
        time.sleep(RETRY_S)

    def _is_not_ready(self, asked: Asked) -> bool:
        """Say whether the node or its connection to us still comes up."""
        unseen = self._with_pictures and (asked.overlay is None or asked.markers is None)
        return asked.response.status in NOT_YET or (asked.response.success and unseen)

    def _wait_for_pictures(self, stamp: Time) -> None:
        deadline = time.monotonic() + self._picture_wait_s
        while self._overlay(stamp) is None or self._marker_array(stamp) is None:
            if time.monotonic() > deadline:
                return
            self._spinner.spin_once(timeout_sec=RETRY_S)
        self._picture_wait_s = LATE_PICTURE_S

    def _overlay(self, stamp: Time) -> Image | None:
        """Return the picture of that time; others are of answers that somebody else was given."""
        return next((image for image in self._overlays if image.header.stamp == stamp), None)

    def _marker_array(self, stamp: Time) -> MarkerArray | None:
        """Return the markers of that time; an array of none has no time."""
        fitting = (a for a in self._markers if not a.markers or a.markers[0].header.stamp == stamp)
        return next(fitting, None)


def read_questions(path: Path) -> list[Question]:
    """Read a YAML list of texts, or of mappings with the fields of ``Question``; raises ``DatasetFormatError``."""
    try:
        items = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(items, list):
            raise TypeError("each begins with '- '")
        return [_question(item) for item in items]
    except OSError as error:
        raise DatasetFormatError(path, f"can't be read ({error.strerror})") from error
    except (yaml.YAMLError, TypeError, UnicodeDecodeError) as error:
        raise DatasetFormatError(path, f"is not a list of queries ({' '.join(str(error).split())})") from error


def _question(item: Any) -> Question:
    """Return the question of an entry; raises ``TypeError``."""
    facts = {"query": item} if isinstance(item, str) else item
    if not isinstance(facts, dict) or not all(isinstance(fact, str) for fact in facts.values()):
        raise TypeError(f"{item!r} is neither a text nor a mapping of texts")
    return Question(**facts)


def main() -> int:
    """Ask what the command line says and return the exit code."""
    options = _parser().parse_args(remove_ros_args(sys.argv)[1:])
    try:
        with interruptible():
            return _run(options)
    except AnnexeError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> int:
    questions = [Question(text) for text in options.query] + (
        read_questions(options.queries) if options.queries else []
    )
    if not questions:
        raise InvalidQueryError("no query was given")
    client = QueryClient(options.node, with_pictures=options.out is not None)
    asked: list[Asked] = []
    try:
        for question in questions:
            if options.wait:
                asked.append(client.ask_when_ready(question, _request(options), options.timeout, options.wait))
            else:
                asked.append(client.ask(question, _request(options), options.timeout))
    finally:  # what was answered isn't lost with a question that wasn't
        client.destroy_node()
        if asked:
            _tell(asked, options)
    return 0 if all(item.response.success for item in asked) else 1


def _tell(asked: Sequence[Asked], options: argparse.Namespace) -> None:
    """Show what came of the questions and write it where that is wanted; raises ``DatasetFormatError``."""
    Console().print(results_table(asked, f"answers of {options.node}"))
    if options.out is not None:
        try:
            write_results(asked, options.out)
        except OSError as error:
            raise DatasetFormatError(options.out, f"can't be written ({error.strerror})") from error


def _request(options: argparse.Namespace) -> EgoQuery.Request:
    request = EgoQuery.Request(camera=options.camera)
    header = Header(frame_id=options.frame_id)
    if options.image:
        request.image = image_message(read_colour(options.image), "rgb8", header)
    if options.depth:
        request.depth = depth_message(read_depth(options.depth), header)
    if options.intrinsics:
        camera = PinholeCamera(request.image.width, request.image.height, *options.intrinsics)
        request.camera_info = camera_info_message(camera, header)
    return request


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("query_client", description="Ask a perception node through its service.")
    parser.add_argument("query", nargs="*", help="questions, e.g. 'Which object does the right hand hold?'")
    parser.add_argument("--queries", type=Path, help="YAML file with a list of questions")
    parser.add_argument("--node", default="/annexe", help="name of the perception node (%(default)s)")
    parser.add_argument("--camera", default="", help="which of the node's cameras; default: the first")
    parser.add_argument("--image", type=Path, help="ask about this image instead of the camera's newest")
    parser.add_argument("--depth", type=Path, help="depth image of --image, uint16 [mm]")
    parser.add_argument("--intrinsics", type=float, nargs=4, metavar=("FX", "FY", "CX", "CY"), help="of --image")
    parser.add_argument("--frame-id", default="", help="optical frame of --image")
    parser.add_argument("--out", type=Path, help="folder for overlays, label images, markers and results.json")
    parser.add_argument("--timeout", type=float, default=30.0, help="longest time for an answer [s] (%(default)s)")
    parser.add_argument("--wait", type=float, default=0.0, help="how long the node may take to get ready [s]")
    return parser
