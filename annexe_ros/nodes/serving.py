"""What an active node serves with: its camera, the scheduler in front of its engine, and the topics of its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from annexe_ros.core import Frame
from annexe_ros.nodes.answer_output import AnswerOutput
from annexe_ros.nodes.camera_input import CameraInput
from annexe_ros.ros.answers import answer_message, label_image_message
from annexe_ros.ros.replies import awaitable
from annexe_ros.ros.requests import (
    camera_from_request,
    images_from_request,
    max_frame_age_from_request,
    query_from_request,
)
from annexe_ros.srv import EgoQuery

if TYPE_CHECKING:
    from annexe_ros.inference import Scheduler

GRACE_S = 5.0
"""How long a running query may go on when serving ends, before it is told to stop."""


class Serving:
    """Answers requests from its cameras; made when a node is activated, closed when it is deactivated."""

    def __init__(
        self, scheduler: Scheduler, cameras: Sequence[CameraInput], output: AnswerOutput, *, wake: Callable[[], None]
    ) -> None:
        """Serve with what is handed over; the first camera is meant where a request names none.

        ``wake`` wakes the executor that runs ``answer``; it is called from the scheduler's thread.
        """
        self._scheduler, self._output, self._wake = scheduler, output, wake
        self._cameras = {camera.name: camera for camera in cameras}
        self._closed = False

    async def answer(
        self, request: EgoQuery.Request, response: EgoQuery.Response, *, max_age_s: float, timeout_s: float
    ) -> None:
        """Answer a request, publish the answer and fill it in; raises what goes wrong.

        While the answer is awaited, the executor's other callbacks go on.

        Args:
            request: what is asked, perhaps with an image of its own.
            response: gets the answer and, where wanted, the mask.
            max_age_s: the oldest camera frame to answer for, where the request doesn't say [s].
            timeout_s: the longest time from now until the answer [s].
        """
        query, frames = query_from_request(request), _FrameOnce(self._frame_source(request, max_age_s))
        job = self._scheduler.submit(frames.take, query, timeout_s=timeout_s)
        reply = await awaitable(job, self._wake)
        frame = frames.taken
        response.answer = answer_message(reply, frame, query)
        if request.target_frame not in ("", frame.frame_id):
            untransformed = f"Poses are in '{frame.frame_id}'; this node doesn't transform to '{request.target_frame}'."
            response.answer.notes = [*reply.notes, untransformed]
        if query.want_mask:
            response.mask = label_image_message(reply, frame)
        if not self._closed:
            self._output.publish(response.answer, reply, frame)

    def close(self) -> None:
        """Unsubscribe, tell waiting queries that they won't be answered, and let the running one finish."""
        self._closed = True
        for camera in self._cameras.values():
            camera.close()
        if not self._scheduler.close(GRACE_S):
            self._scheduler.close()

    def _frame_source(self, request: EgoQuery.Request, default_age_s: float) -> Callable[[], Frame]:
        """Return where the frame comes from: the request, or the newest of the camera when work begins."""
        camera = self._cameras[camera_from_request(request, list(self._cameras))]
        images = images_from_request(request, rectified=camera.rectified)
        if images is not None:
            return images.frame
        max_age_s = max_frame_age_from_request(request, default_age_s)
        return lambda: camera.frame(max_age_s)


class _FrameOnce:
    """Takes a frame from its source and remembers it."""

    def __init__(self, source: Callable[[], Frame]) -> None:
        self._source = source
        self.taken: Frame

    def take(self) -> Frame:
        self.taken = self._source()
        return self.taken
