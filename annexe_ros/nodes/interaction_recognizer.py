"""The lifecycle node ``interaction_recognizer``: watches a camera and tells what a hand does, from motion.

Configuring loads a clip encoder and embeds the prompts; activating subscribes to the camera. A window of images is
recognised in a thread of its own, and an event is published where one phrase stands out from its hard negatives. This
file wires; ``video`` has the windows and what they are compared with.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
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
class _Equipment:
    """What a configured node holds, whether it is active or not; ``made`` takes its topics back."""

    encoder: ClipEncoder
    recogniser: Recogniser
    events: LifecyclePublisher
    health: RecognitionHealth
    made: ExitStack


class InteractionRecognizer(StagedNode[RecognizerParameters]):
    """Topic in: ``image`` or ``image/compressed``; out: ``~/event`` and ``/diagnostics``."""

    def __init__(self, **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__("interaction_recognizer", RecognizerParameters, **options)
        self._equipment: _Equipment | None = None
        self._camera: ColourInput | None = None
        self._feed: ClipFeed | None = None

    def _configure(self) -> None:
        from annexe_ros.inference import in_own_thread

        values = self._settings.read()
        self.get_logger().info(f"loading clip encoder '{values.model}'")
        encoder, recogniser = in_own_thread(lambda: _load(values))  # the feed's thread is going to ask it
        if not self.context.ok():
            raise NotActiveError("the node was interrupted while it loaded its encoder")
        with ExitStack() as made:
            events = self.create_lifecycle_publisher(
                InteractionEvent, EVENT_TOPIC, qos.reliable(), qos_overriding_options=qos.overridable()
            )
            made.callback(self.destroy_lifecycle_publisher, events)
            watching = RecognitionHealth(self, values.diagnostics_period, lambda: self._why_inactive)
            health = made.enter_context(closing(watching))
            self._equipment = _Equipment(encoder, recogniser, events, health, made.pop_all())

    def _cleanup(self) -> None:
        equipment, self._equipment = self._equipment, None
        if equipment is not None:
            equipment.made.close()

    def _activate(self) -> None:
        from annexe_ros.video.live import ClipFeed
        from annexe_ros.video.window import WindowShape

        if self._equipment is None:
            raise NotActiveError(self._why_inactive)
        values, config = self._settings.read(), self._equipment.encoder.config
        shape = WindowShape(values.window, config.num_frames, config.frame_size, values.max_gap)
        self._feed = ClipFeed(shape, values.stride, self._recognise)
        self._camera = ColourInput(self, self._feed.add, values.image_transport)
        self._equipment.health.watch(self._feed, self._camera)
        count, topic = len(self._equipment.recogniser.prompts.prompts), self.resolve_topic_name(EVENT_TOPIC)
        self.get_logger().info(f"tells {count} phrases apart and publishes events on {topic}")

    def _deactivate(self) -> None:
        if self._equipment is not None:
            self._equipment.health.watch(None, None)
        if self._camera is not None:
            self._camera.close()
        if self._feed is not None:
            self._feed.close()
        self._camera = self._feed = None

    def _recognise(self, clip: StampedClip) -> None:
        """Recognise one window and publish it, where it stands out; in the feed's thread."""
        if self._equipment is None:
            return
        outcome, began = CallOutcome(), perf_counter()
        with reported_in(outcome, self.get_logger()):
            event = self._equipment.recogniser.recognise(clip)
            stands_out = event.margin >= self._settings.read().min_margin
            if stands_out:
                self._equipment.events.publish(event_message(event))
            self._equipment.health.note(event, stands_out, (perf_counter() - began) * 1e3)
        if not outcome.success:
            self._equipment.health.note_failure(outcome.message)


def _load(values: RecognizerParameters) -> tuple[ClipEncoder, Recogniser]:
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
    return encoder, Recogniser(encoder, prompts, folder.name, SeenFrames(encoder).embed)


def main() -> int:
    """Run the node until it is interrupted."""
    return spin_until_shutdown(InteractionRecognizer)
