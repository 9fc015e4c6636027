"""The lifecycle node ``step_tracker``: tells which step of a procedure is done, what comes next, and where in a demo.

Configuring loads tracker and clip encoder and looks at the demonstration; activating subscribes to the camera. Every
window of images is worked on in a thread of its own. This file wires; ``procedures/tracking`` recognises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rclpy.lifecycle import LifecyclePublisher

from annexe_ros.core.errors import NotActiveError, ParameterError
from annexe_ros.core.procedure import ViewedWindow
from annexe_ros.msg import DemonstrationPlace, ProcedureForecast, ProcedureStep
from annexe_ros.nodes.colour_input import ColourInput
from annexe_ros.nodes.recognition_health import RecognitionHealth
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.nodes.staged import StagedNode
from annexe_ros.nodes.step_tracker_parameters import StepTrackerParameters
from annexe_ros.ros import qos
from annexe_ros.ros.procedures import forecast_message, place_message, step_message
from annexe_ros.ros.replies import CallOutcome, reported_in

if TYPE_CHECKING:
    from annexe_ros.procedures.tracking.demonstration import Demonstration, DemonstrationFollower
    from annexe_ros.procedures.tracking.tracker import StepTracker, TrackerModel
    from annexe_ros.video.encoder import ClipEncoder
    from annexe_ros.video.live import ClipFeed
    from annexe_ros.video.seen_frames import SeenFrames
    from annexe_ros.video.window import StampedClip, WindowShape


@dataclass(frozen=True)
class _Loaded:
    """What was read from disk."""

    model: TrackerModel
    encoder: ClipEncoder
    encoder_name: str
    demonstration: Demonstration | None


class StepTrackerNode(StagedNode[StepTrackerParameters]):
    """Topic in: ``image`` or ``image/compressed``; out: ``~/step``, ``~/forecast``, ``~/demonstration``."""

    def __init__(self, **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__("step_tracker", StepTrackerParameters, **options)
        self._loaded: _Loaded | None = None
        self._health: RecognitionHealth | None = None
        self._outputs: dict[type, LifecyclePublisher] = {}
        self._camera: ColourInput | None = None
        self._feed: ClipFeed | None = None
        self._seen: SeenFrames | None = None
        self._tracker: StepTracker | None = None
        self._follower: DemonstrationFollower | None = None

    def _configure(self) -> None:
        from annexe_ros.inference import in_own_thread

        values = self._settings.read()
        self.get_logger().info(f"loading step tracker '{values.model}'")
        loaded = in_own_thread(lambda: _load(values))  # the feed's thread is going to ask it
        if not self.context.ok():
            raise NotActiveError("the node was interrupted while it loaded its tracker")
        self._loaded = loaded
        topics = {ProcedureStep: "~/step", ProcedureForecast: "~/forecast", DemonstrationPlace: "~/demonstration"}
        for kind, topic in topics.items():  # one by one: where the second fails, the first is known to cleaning up
            self._outputs[kind] = self._publisher(kind, topic)
        self._health = RecognitionHealth(self, values.diagnostics_period, lambda: self._why_inactive)

    def _cleanup(self) -> None:
        for output in self._outputs.values():
            self.destroy_lifecycle_publisher(output)
        if self._health is not None:
            self._health.close()
        self._outputs, self._health, self._loaded = {}, None, None

    def _activate(self) -> None:
        from annexe_ros.procedures.tracking.demonstration import DemonstrationFollower
        from annexe_ros.procedures.tracking.tracker import StepTracker
        from annexe_ros.video.live import ClipFeed
        from annexe_ros.video.seen_frames import SeenFrames

        if self._loaded is None or self._health is None:
            raise NotActiveError(self._why_inactive)
        values, loaded, stride_s = self._settings.read(), self._loaded, self._loaded.model.config.stride_s
        self._tracker, self._seen = StepTracker(loaded.model, values.candidates), SeenFrames(loaded.encoder)
        if loaded.demonstration is not None:
            self._follower = DemonstrationFollower(loaded.demonstration, stride_s, loaded.encoder_name)
        shape = _shape(loaded.model, loaded.encoder, values.max_gap)
        self._feed = ClipFeed(shape, stride_s, self._track)
        self._camera = ColourInput(self, self._feed.add, values.image_transport)
        self._health.watch(self._feed, self._camera)
        self.get_logger().info(f"follows a procedure of {len(loaded.model.config.labels) - 1} steps")

    def _deactivate(self) -> None:
        if self._health is not None:
            self._health.watch(None, None)
        if self._camera is not None:
            self._camera.close()
        if self._feed is not None:
            self._feed.close()
        self._camera = self._feed = self._seen = self._tracker = self._follower = None

    def _track(self, clip: StampedClip) -> None:
        """Tell what one window shows; in the feed's thread."""
        seen, tracker, follower, health = self._seen, self._tracker, self._follower, self._health
        if seen is None or tracker is None or health is None:
            return
        outcome, began = CallOutcome(), perf_counter()
        with reported_in(outcome, self.get_logger()):
            window = ViewedWindow(clip.start_ns, clip.end_ns, clip.frame_id)
            feature = seen.embed(clip)
            step, forecast = tracker.update(feature, window)
            self._outputs[ProcedureStep].publish(step_message(step))
            self._outputs[ProcedureForecast].publish(forecast_message(forecast))
            if follower is not None:
                self._outputs[DemonstrationPlace].publish(place_message(follower.update(feature, window, step)))
            health.note_window(f"{step.label} (score {step.score:.2f})", True, (perf_counter() - began) * 1e3)
        if not outcome.success:
            health.note_failure(outcome.message)

    def _publisher(self, kind: type, topic: str) -> LifecyclePublisher:
        return self.create_lifecycle_publisher(kind, topic, qos.reliable(), qos_overriding_options=qos.overridable())


def _load(values: StepTrackerParameters) -> _Loaded:
    """Return what the parameters name; raises what loading raises, ``ParameterError`` where it doesn't fit together."""
    from annexe_ros.inference.resolve import resolve_model

    _check_named(values)  # before the libraries, which take seconds to import
    from annexe_ros.inference.placement import device_named
    from annexe_ros.procedures.tracking.tracker import TrackerModel
    from annexe_ros.video.encoder import ClipEncoder

    model = TrackerModel.load(resolve_model(values.model))
    folder = resolve_model(values.encoder or model.config.encoder)
    encoder = ClipEncoder.load(folder, str(device_named(values.device)))
    model.check_features(folder.name, encoder.config.projection_dim)
    return _Loaded(model, encoder, folder.name, _demonstration(values, model, encoder))


def _check_named(values: StepTrackerParameters) -> None:
    """Raise ``ParameterError``, ``ModelNotFoundError`` or ``DatasetFormatError`` where what is named isn't there."""
    from annexe_ros.data.timed_steps import read_steps
    from annexe_ros.inference.resolve import resolve_model

    if not values.model:
        raise ParameterError("parameter 'model' names no step tracker; 'annexe train-tracker' makes one")
    for folder in filter(None, (values.model, values.encoder)):
        resolve_model(folder)
    if values.demonstration:
        read_steps(Path(values.demonstration))


def _demonstration(values: StepTrackerParameters, model: TrackerModel, encoder: ClipEncoder) -> Demonstration | None:
    from annexe_ros.procedures.tracking.training import MAX_GAP_S, rehearsal

    if not values.demonstration:
        return None
    shape = _shape(model, encoder, MAX_GAP_S)
    return rehearsal(Path(values.demonstration), encoder, shape, model.config.stride_s).as_demonstration()


def _shape(model: TrackerModel, encoder: ClipEncoder, max_gap_s: float) -> WindowShape:
    from annexe_ros.video.window import WindowShape

    return WindowShape(model.config.window_s, encoder.config.num_frames, encoder.config.frame_size, max_gap_s)


def main() -> int:
    """Run the node until it is interrupted."""
    return spin_until_shutdown(StepTrackerNode)
