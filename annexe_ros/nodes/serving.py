"""What an active node serves with: its cameras, the scheduler in front of its engine, and the topics of its answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from rclpy.lifecycle import LifecycleNode

from annexe_ros.core import Frame, Progress
from annexe_ros.core.errors import AnnexeError
from annexe_ros.core.gaze import CROPS
from annexe_ros.core.tracking import Tracker
from annexe_ros.nodes.answer_output import AnswerOutput
from annexe_ros.nodes.camera_input import CameraInput
from annexe_ros.nodes.equipment import Equipment
from annexe_ros.nodes.event_context import EventContext
from annexe_ros.nodes.limits import Limits
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.ros.answers import answer_message, label_image_message
from annexe_ros.ros.replies import CallOutcome, awaitable, reported_in
from annexe_ros.ros.requests import (
    camera_from_request,
    images_from_request,
    max_frame_age_from_request,
    query_from_request,
)
from annexe_ros.srv import EgoQuery

GRACE_S = 5.0
"""How long a running query may go on when serving ends, before it is told to stop."""


@dataclass(frozen=True)
class _Camera:
    """One camera: where its frames come from, where its answers go, and who is who in them."""

    input: CameraInput
    output: AnswerOutput
    tracker: Tracker


class Serving:
    """Answers requests from its cameras; made when a node is activated, closed when it is deactivated."""

    def __init__(
        self,
        node: LifecycleNode,
        equipment: Equipment,
        values: PerceptionParameters,
        *,
        wake: Callable[[], None],
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        """Subscribe to the cameras; the first one is meant where a request names none.

        ``wake`` wakes the executor that runs ``answer``; it is called from the scheduler's thread. ``later`` has that
        executor do something after what it is doing. Where a subscription fails, none stays.
        """
        from annexe_ros.inference import Scheduler
        from annexe_ros.inference.gaze import GazeInterpreter

        self._transforms, self._health = equipment.transforms, equipment.health
        self._wake, self._later, self._logger = wake, later, node.get_logger()
        self._unpublished: deque[Callable[[], None]] = deque()
        self._cameras: dict[str, _Camera] = {}
        with ExitStack() as made:
            self._events = made.enter_context(closing(EventContext(node, values.interaction_events)))
            for name, output in equipment.outputs.items():
                camera = made.enter_context(closing(equipment.open_camera(node, values, name)))
                self._cameras[name] = _Camera(camera, output, equipment.trackers[name])
            inputs = [camera.input for camera in self._cameras.values()]
            held = {camera.name: camera.gaze for camera in inputs}
            looking = GazeInterpreter(equipment.engine, held, CROPS[values.gaze_crop])
            self._scheduler = Scheduler(looking, values.queue_capacity)
            made.callback(self._end_queries)
            self._health.watch(self._scheduler, inputs)
            made.callback(self._health.watch, None)
            self._closing = made.pop_all()
        self._closed = False

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras."""
        return list(self._cameras)

    async def answer(
        self, request: EgoQuery.Request, response: EgoQuery.Response, limits: Limits, caller: str, progress: Progress
    ) -> None:
        """Answer a request and fill the answer in, which is published afterwards; raises what goes wrong.

        While the answer is awaited, the executor's other callbacks go on. Whoever asked needn't wait for topics.

        Args:
            request: what is asked, perhaps with an image of its own; a goal of the action has the same fields.
            response: gets the answer and, where wanted, the mask; a result of the action has the same fields.
            limits: what holds where the request says nothing.
            caller: who asks, for their turns.
            progress: how the caller follows and stops the work.
        """
        query = query_from_request(request)
        camera = self._cameras[camera_from_request(request, list(self._cameras))]
        given = images_from_request(request, camera.input.name, rectified=camera.input.rectified)
        max_age_s = max_frame_age_from_request(request, limits.max_age_s)
        frames = _FrameOnce(given.frame if given is not None else lambda: camera.input.frame(max_age_s))
        job = self._scheduler.submit(frames.take, query, progress, limits.timeout_s, caller)
        reply = await awaitable(job, self._wake)
        self._health.note(reply)
        frame = frames.taken
        reply = self._events.told_in(reply, frame)
        if given is None:
            reply = camera.tracker.update(reply, frame.stamp_ns)
        target_frame = request.target_frame or limits.target_frame
        transform = self._transforms.pose_in(frame.frame_id, target_frame if query.want_3d else "", frame.stamp_ns)
        response.answer = answer_message(reply, frame, query, transform)
        if query.want_mask:
            response.mask = label_image_message(reply, frame)
        self._unpublished.append(partial(camera.output.publish, response.answer, reply, frame, transform))
        self._later(self._publish_oldest)

    def newest_stamp_ns(self, camera: str, max_age_s: float) -> int | None:
        """Return the time of the images that a query would now be answered for; None where there are none."""
        try:
            return self._cameras[camera].input.stamp_ns(max_age_s)
        except AnnexeError:
            return None

    def _publish_oldest(self) -> None:
        """Publish an answer; they keep their order, which tasks of an executor don't."""
        publish = self._unpublished.popleft()
        with reported_in(CallOutcome(), self._logger):
            if not self._closed:
                publish()

    def close(self) -> None:
        """Tell waiting queries that they won't be answered, let the running one finish, and unsubscribe."""
        self._closed = True
        self._closing.close()

    def _end_queries(self) -> None:
        if not self._scheduler.close(GRACE_S):
            self._scheduler.close()


class _FrameOnce:
    """Takes a frame from its source and remembers it."""

    def __init__(self, source: Callable[[], Frame]) -> None:
        self._source = source
        self.taken: Frame

    def take(self) -> Frame:
        self.taken = self._source()
        return self.taken
