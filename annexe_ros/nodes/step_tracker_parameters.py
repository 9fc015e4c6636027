"""What can be set of the step tracker; docs and the shipped parameters file are held against this."""

from __future__ import annotations

from dataclasses import dataclass

from annexe_ros.nodes.sensor_topics import IMAGE_TRANSPORTS, RAW
from annexe_ros.ros.parameters import parameter


@dataclass(frozen=True)
class StepTrackerParameters:
    """Parameters of the node ``step_tracker``."""

    model: str = parameter("", "Folder of a step tracker, as 'annexe train-tracker' writes it. Used when configuring.")
    encoder: str = parameter(
        "", "Folder or name of the clip encoder; empty: the one that the tracker was trained with. "
        "Used when configuring.",
    )  # fmt: skip
    device: str = parameter("auto", "Where the encoder runs: auto, cpu, cuda or cuda:N. Used when configuring.")
    autostart: bool = parameter(True, "Configure and activate when the node starts.", read_only=True)
    demonstration: str = parameter(
        "", "Folder of a recording with steps.json, to tell the place in; empty: none. Used when configuring."
    )
    candidates: int = parameter(
        3, "How many candidates for the next step are told at most. Used when activating.", minimum=1, maximum=100
    )
    max_gap: float = parameter(
        0.5, "A window with a longer time between two images is dropped [s]. Used when activating.",
        minimum=0.01, maximum=10.0,
    )  # fmt: skip
    image_transport: str = parameter(
        RAW, "How colour comes: raw from image, compressed (JPEG, PNG) from image/compressed. Used when activating.",
        choices=IMAGE_TRANSPORTS,
    )  # fmt: skip
    diagnostics_period: float = parameter(
        1.0, "Time between two messages on /diagnostics [s]. Used when configuring.", minimum=0.1, maximum=60.0
    )
