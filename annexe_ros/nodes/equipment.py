"""What the perception node holds from configuring to cleaning up, whether it serves or not."""

from __future__ import annotations

from collections.abc import Callable
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


@dataclass(frozen=True)
class Equipment:
    """Parts of a configured node.

    Attributes:
        engine: who answers, warmed up.
        outputs: topics of the answers, by camera.
        trackers: who is who in the answers, by camera; numbers go on when the node is activated again.
        transforms: where the cameras were, from tf.
        health: diagnostics.
    """

    engine: Interpreter
    outputs: dict[str, AnswerOutput]
    trackers: dict[str, Tracker]
    transforms: TransformLookup
    health: Health

    @classmethod
    def made_for(cls, node: LifecycleNode, values: PerceptionParameters, why_inactive: Callable[[], str]) -> Equipment:
        """Load the engine and advertise the answers; raises what the engine raises, ``NotActiveError`` at shutdown."""
        from annexe_ros.inference import load_engine

        engine = load_engine(values.engine, values.model, values.device, values.dtype)
        if not node.context.ok():
            engine.close()
            raise NotActiveError("the node was interrupted while it loaded its engine")
        return cls(
            engine,
            {camera: AnswerOutput(node, camera) for camera in values.cameras},
            {camera: Tracker() for camera in values.cameras},
            TransformLookup(node),
            Health(node, values.diagnostics_period, why_inactive),
        )

    def open_cameras(self, node: LifecycleNode, values: PerceptionParameters) -> list[CameraInput]:
        """Subscribe to the cameras."""
        from annexe_ros.inference import Mailbox

        return [
            CameraInput(
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
            for name in self.outputs
        ]

    def close(self) -> None:
        """Withdraw the topics and give the engine's memory back."""
        for output in self.outputs.values():
            output.close()
        self.transforms.close()
        self.health.close()
        self.engine.close()
