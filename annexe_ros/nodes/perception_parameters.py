"""What can be set of the perception node; docs/interfaces.md and the shipped parameters file are held against this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.exceptions import InvalidTopicNameException
from rclpy.validate_topic_name import validate_topic_name

from annexe_ros.core import EngineKind, Precision
from annexe_ros.core.gaze import CROPS, DEFAULT_CROP
from annexe_ros.nodes.camera_input import GAZE_TIMEOUT_S
from annexe_ros.nodes.sensor_topics import DEPTH_TRANSPORTS, RAW
from annexe_ros.nodes.shared_parameters import autostart, diagnostics_period, image_transport
from annexe_ros.ros.parameters import parameter

ONLY_CAMERA = [""]
"""The cameras of a node that has one: it needs no name, and its topics have no prefix."""
CAMERA_NAME = re.compile("[A-Za-z][A-Za-z0-9_]*")


def _problem_of_cameras(names: Sequence[str]) -> str | None:
    """Say what keeps the names from being the beginnings of topics."""
    wrong = [name for name in names if not CAMERA_NAME.fullmatch(name)]
    if wrong and list(names) != ONLY_CAMERA:
        return f"parameter 'cameras' names '{wrong[0]}'; a camera's name has letters, digits and '_'"
    if len(set(names)) < len(names):
        return f"parameter 'cameras' names a camera twice: {', '.join(names)}"
    return None


def _problem_of_events(topic: str) -> str | None:
    """Say what keeps a text from being a topic; an empty one is none."""
    try:
        if topic:
            validate_topic_name(topic)
    except InvalidTopicNameException as error:
        return f"parameter 'interaction_events' is no topic: {' '.join(str(error).split())}"
    return None


@dataclass(frozen=True)
class PerceptionParameters:
    """Parameters of the node ``annexe``."""

    engine: str = parameter(
        EngineKind.ANNEXE.value, "Who answers (docs/engines.md). Used when configuring.", choices=tuple(EngineKind)
    )
    model: str = parameter(
        "annexe-scenes",
        "Model folder, or name of a shipped model; for vlm_sam, openai and remote a file of settings. "
        "Used when configuring.",
    )
    device: str = parameter("auto", "Where the model runs: auto, cpu, cuda or cuda:N. Used when configuring.")
    dtype: str = parameter(
        Precision.FLOAT32.value,
        "Weights of the engine annexe (docs/weights.md). Used when configuring.",
        choices=tuple(Precision),
    )
    cameras: list[str] = parameter(
        ONLY_CAMERA,
        "Names of the cameras; one without a name is the only one. Used when configuring.",
        check=_problem_of_cameras,
    )
    autostart: bool = autostart()
    max_frame_age: float = parameter(
        1.0, "Oldest camera frame that is answered for [s], by its stamp. Transforms are kept for as long as this and "
        "query_timeout together were when configuring.",
        minimum=0.01, maximum=3600.0,
    )  # fmt: skip
    query_timeout: float = parameter(
        30.0, "Longest time from call to answer [s], waiting included.", minimum=0.1, maximum=3600.0
    )
    queue_capacity: int = parameter(
        8, "Queries that may wait; more are told BUSY. Used when activating.", minimum=1, maximum=256
    )
    sync_slop: float = parameter(
        0.03, "Largest time between a colour and a depth image of one pair [s]; more than half a frame's period is "
        "never used. Used when activating.",
        minimum=0.001, maximum=1.0,
    )  # fmt: skip
    sync_queue_size: int = parameter(
        10, "Images of each kind that wait for their partner. Used when activating.", minimum=1, maximum=100
    )
    image_transport: str = image_transport()
    depth_transport: str = parameter(
        RAW, "How depth comes: raw, or compressedDepth (PNG) from depth/compressedDepth. Used when activating.",
        choices=DEPTH_TRANSPORTS,
    )  # fmt: skip
    rectified: bool = parameter(
        False, "Images are rectified although camera_info tells of distortion: use P. Used when activating."
    )
    gaze_timeout: float = parameter(
        GAZE_TIMEOUT_S, "How long a gaze point holds [s], by the stamps of point and image. Used when activating.",
        minimum=0.01, maximum=60.0,
    )  # fmt: skip
    gaze_crop: str = parameter(
        DEFAULT_CROP, "Part of the image, around the gaze, that questions about it are asked of. Used when activating.",
        choices=tuple(CROPS),
    )  # fmt: skip
    interaction_events: str = parameter(
        "", "Topic of the events (InteractionEvent) that descriptions tell; empty: none. Used when activating.",
        check=_problem_of_events,
    )  # fmt: skip
    target_frame: str = parameter("", "tf frame that poses are given in; empty: the camera's optical frame.")
    standing_query: str = parameter("", "Question that is asked again and again about the newest frame; empty: none.")
    standing_rate_hz: float = parameter(
        1.0, "How often the standing query is asked at most [Hz].", minimum=0.01, maximum=60.0
    )
    diagnostics_period: float = diagnostics_period()
