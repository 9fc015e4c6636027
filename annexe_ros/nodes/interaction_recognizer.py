"""The lifecycle node ``interaction_recognizer``: watches a camera and tells what a hand does, from motion.

Configuring loads a clip encoder and embeds the prompts; activating subscribes to the camera. A window of images is
recognised in a thread of its own, and an event is published where one phrase stands out from its hard negatives. This
file wires; ``video`` has the windows and what they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.lifecycle import LifecyclePublisher

from annexe_ros.core.errors import NotActiveError
from annexe_ros.msg import InteractionEvent
from annexe_ros.nodes.colour_input import ColourInput
from annexe_ros.nodes.recognition_health import RecognitionHealth
from annexe_ros.nodes.recognizer_parameters import RecognizerParameters
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.nodes.staged import StagedNode
from annexe_ros.ros import qos
from annexe_ros.ros.events import event_message
from annexe_ros.ros.replies import CallOutcome, reported_in

if TYPE_CHECKING:
    from annexe_ros.video.encoder import ClipEncoder
    from annexe_ros.video.live import ClipFeed
    from annexe_ros.video.recognition import Recogniser
    from annexe_ros.video.window import StampedClip

EVENT_TOPIC = "~/event"


@dataclass(frozen=True)
class _Loaded:
    """What was read from disk, and the prompts that it was made to know."""

    encoder: ClipEncoder
    recogniser: Recogniser


class InteractionRecognizer(StagedNode[RecognizerParameters]):
    """Topic in: ``image`` or ``image/compressed``; out: ``~/event`` and ``/diagnostics``."""

    def __init__(self, **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__("interaction_recognizer", RecognizerParameters, **options)
        self._loaded: _Loaded | None = None
        self._events: LifecyclePublisher | None = None
        self._health: RecognitionHealth | None = None
        self._camera: ColourInput | None = None
        self._feed: ClipFeed | None = None

    def _configure(self) -> None:
        from annexe_ros.inference import in_own_thread

        values = self._settings.read()
        self.get_logger().info(f"loading clip encoder '{values.model}'")
        loaded = in_own_thread(lambda: _load(values))  # the feed's thread is going to ask it
        if not self.context.ok():
            raise NotActiveError("the node was interrupted while it loaded its encoder")
        self._loaded = loaded
        self._events = self.create_lifecycle_publisher(
            InteractionEvent, EVENT_TOPIC, qos.reliable(), qos_overriding_options=qos.overridable()
        )
        self._health = RecognitionHealth(self, values.diagnostics_period, lambda: self._why_inactive)

    def _cleanup(self) -> None:
        if self._events is not None:
            self.destroy_lifecycle_publisher(self._events)
        if self._health is not None:
            self._health.close()
        self._loaded = self._events = self._health = None

    def _activate(self) -> None:
        from annexe_ros.video.live import ClipFeed
        from annexe_ros.video.window import WindowShape

        if self._loaded is None or self._health is None:
            raise NotActiveError(self._why_inactive)
        values, config = self._settings.read(), self._loaded.encoder.config
        shape = WindowShape(values.window, config.num_frames, config.frame_size, values.max_gap)
        self._feed = ClipFeed(shape, values.stride, self._recognise)
        self._camera = ColourInput(self, self._feed.add, values.image_transport)
        self._health.watch(self._feed, self._camera)
        count, topic = len(self._loaded.recogniser.prompts.prompts), self.resolve_topic_name(EVENT_TOPIC)
        self.get_logger().info(f"tells {count} phrases apart and publishes events on {topic}")

    def _deactivate(self) -> None:
        if self._health is not None:
            self._health.watch(None, None)
        if self._camera is not None:
            self._camera.close()
        if self._feed is not None:
            self._feed.close()
        self._camera = self._feed = None

    def _recognise(self, clip: StampedClip) -> None:
        """Recognise one window and publish it, where it stands out; in the feed's thread."""
        loaded, events, health = self._loaded, self._events, self._health
        if loaded is None or events is None or health is None:
            return
        outcome, began = CallOutcome(), perf_counter()
        with reported_in(outcome, self.get_logger()):
            event = loaded.recogniser.recognise(clip)
            stands_out = event.margin >= self._settings.read().min_margin
            if stands_out:
                events.publish(event_message(event))
            health.note(event, stands_out, (perf_counter() - began) * 1e3)
        if not outcome.success:
            health.note_failure(outcome.message)


def _load(values: RecognizerParameters) -> _Loaded:
    """Return the encoder and what compares clips with the prompts; raises what loading and the prompts raise."""
    from annexe_ros.inference.resolve import resolve_model
    from annexe_ros.video.prompts import prompt_set

    prompts = prompt_set(values.verbs, values.nouns, values.phrases, values.template)
    folder = resolve_model(values.model)  # before the libraries, which take seconds to import
    from annexe_ros.inference.placement import device_named
    from annexe_ros.video.encoder import ClipEncoder
    from annexe_ros.video.recognition import Recogniser
    from annexe_ros.video.seen_frames import SeenFrames

    encoder = ClipEncoder.load(folder, str(device_named(values.device)))
    side, count = encoder.config.frame_size, encoder.config.num_frames
    encoder.embed_clips([np.full((count, side, side, 3), 128, np.uint8)])  # the first clip takes no longer than others
    return _Loaded(encoder, Recogniser(encoder, prompts, folder.name, SeenFrames(encoder).embed))


def main() -> int:
    """Run the node until it is interrupted."""
    return spin_until_shutdown(InteractionRecognizer)
