"""Where a camera was when it took an image, from tf2: transforms at the image's stamp, never the newest.

tf2_ros is optional: a machine without it answers in the camera's frame and says why. A lookup takes what the buffer
holds and never waits: the executor that would wait is the one that fills the buffer.
"""

from __future__ import annotations

from typing import Any

from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from annexe_ros.core.errors import TransformError
from annexe_ros.core.transforms import PoseTransform, RigidTransform
from annexe_ros.ros.poses import rigid_transform

__all__ = ["PoseTransform", "TransformLookup"]

COMPLAINT_INTERVAL_S = 10.0


class TransformLookup:
    """Listens to tf from when it is made: make it before the first frame, so that the buffer holds its time."""

    def __init__(self, node: Node, history_s: float) -> None:
        """Subscribe to ``/tf`` and ``/tf_static`` as ``node``, whose executor fills the buffer.

        ``history_s`` is how long after an image it may be asked where its camera was.
        """
        self._logger = node.get_logger()
        self._buffer: Any = None
        self._listener: Any = None
        self._jumps: Any = None
        try:
            from tf2_ros import Buffer, TransformListener
        except ImportError:
            return
        self._buffer = Buffer(cache_time=Duration(seconds=history_s))
        self._listener = TransformListener(self._buffer, node)
        # The buffer's own clock isn't the node's: in simulated time that begins anew it would refuse what is older.
        back = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True)
        self._jumps = node.get_clock().create_jump_callback(back, post_callback=lambda _: self._buffer.clear())

    def pose_in(self, frame_id: str, target_frame: str, stamp_ns: int) -> PoseTransform:
        """Return how poses in the camera's frame ``frame_id`` at ``stamp_ns`` are told in ``target_frame``.

        An empty ``target_frame`` means the camera's. Where no transform is to be had, poses stay in the camera's frame,
        the note says why, and so does the log now and then.
        """
        if target_frame in ("", frame_id):
            return PoseTransform.staying_in(frame_id)
        try:
            return PoseTransform(target_frame, self.transform(frame_id, target_frame, stamp_ns))
        except TransformError as error:
            self._logger.warning(str(error), throttle_duration_sec=COMPLAINT_INTERVAL_S)
            return PoseTransform.staying_in(frame_id, f"Poses are in '{frame_id}': {error}.")

    def transform(self, frame_id: str, target_frame: str, stamp_ns: int) -> RigidTransform:
        """Return what takes coordinates in ``frame_id`` to ``target_frame`` at ``stamp_ns``; raises ``TransformError``.

        A stamp of 0 is no time, though tf2 would take it for the newest.
        """
        if self._buffer is None:
            raise TransformError(frame_id, target_frame, stamp_ns, "tf2_ros is not installed")
        if stamp_ns <= 0:
            raise TransformError(frame_id, target_frame, stamp_ns, "the image has no time stamp")
        from tf2_ros import TransformException

        try:
            found = self._buffer.lookup_transform(target_frame, frame_id, Time(nanoseconds=stamp_ns))
        except TransformException as error:
            raise TransformError(frame_id, target_frame, stamp_ns, str(error)) from error
        return rigid_transform(found.transform)

    def close(self) -> None:
        """Unsubscribe; what the buffer holds is there for queries that still run."""
        if self._listener is not None:
            self._listener.unregister()
            self._jumps.unregister()
        self._listener = self._jumps = None
