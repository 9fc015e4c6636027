"""What the perception node holds from configuring to cleaning up, whether it serves or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass

from rclpy.lifecycle import LifecycleNode

from annexe_ros.core import Interpreter
from annexe_ros.core.errors import NotActiveError
from annexe_ros.core.tracking import Tracker
from annexe_ros.nodes.answer_output import AnswerOutput
from annexe_ros.nodes.camera_input import CameraInput
from annexe_ros.nodes.health import Health
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.ros.transforms import TransformLookup

TF_MARGIN_S = 5.0
"""How much longer transforms are kept than a query for the oldest frame may take."""


@dataclass(frozen=True)
class Equipment:
    """Parts of a configured node.

    Attributes:
        engine: who answers, warmed up.
        outputs: topics of the answers, by camera.
        trackers: who is who in the answers, by camera; numbers go on when the node is activated again.
        transforms: where the cameras were, from tf.
        health: diagnostics.
        made: what gives all of that back.
    """

    engine: Interpreter
    outputs: dict[str, AnswerOutput]
    trackers: dict[str, Tracker]
    transforms: TransformLookup
    health: Health
    made: ExitStack

    @classmethod
    def made_for(cls, node: LifecycleNode, values: PerceptionParameters, why_inactive: Callable[[], str]) -> Equipment:
        """Load the engine and advertise the answers; raises what the engine raises, ``NotActiveError`` at shutdown.

        Where that fails midway, nothing of it stays.
        """
        from annexe_ros.inference import load_engine

        with ExitStack() as made:
            engine = made.enter_context(closing(load_engine(values.engine, values.model, values.device, values.dtype)))
            if not node.context.ok():
                raise NotActiveError("the node was interrupted while it loaded its engine")
            outputs = {camera: made.enter_context(closing(AnswerOutput(node, camera))) for camera in values.cameras}
            trackers = {camera: Tracker() for camera in values.cameras}
            history_s = values.query_timeout + values.max_frame_age + TF_MARGIN_S
            transforms = made.enter_context(closing(TransformLookup(node, history_s)))

            def max_age_s() -> float:  # it may be set while the node runs
                return float(node.get_parameter("max_frame_age").value)

            health = made.enter_context(closing(Health(node, values.diagnostics_period, why_inactive, max_age_s)))
            return cls(engine, outputs, trackers, transforms, health, made.pop_all())

    @staticmethod
    def open_camera(node: LifecycleNode, values: PerceptionParameters, name: str) -> CameraInput:
        """Subscribe to a camera."""
        from annexe_ros.inference import Mailbox

        return CameraInput(
            node,
            Mailbox(name),
            name,
            slop_s=values.sync_slop,
            queue_size=values.sync_queue_size,
            rectified=values.rectified,
            gaze_timeout_s=values.gaze_timeout,
            image_transport=values.image_transport,
            depth_transport=values.depth_transport,
        )

    def close(self) -> None:
        """Withdraw the topics and give the engine's memory back."""
        self.made.close()
