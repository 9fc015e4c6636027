"""What can be set of the perception node; README's table and the shipped parameters file are held against this."""

from __future__ import annotations

from dataclasses import dataclass

from annexe_ros.ros.parameters import parameter


@dataclass(frozen=True)
class PerceptionParameters:
    """Parameters of the node ``annexe``."""

    engine: str = parameter("annexe", "Kind of engine that answers: annexe or scripted. Used when configuring.")
    model: str = parameter("annexe-scenes", "Model folder, or name of a shipped model. Used when configuring.")
    device: str = parameter("auto", "Where the model runs: auto, cpu, cuda or cuda:N. Used when configuring.")
    autostart: bool = parameter(True, "Configure and activate when the node starts.", read_only=True)
    max_frame_age: float = parameter(
        1.0, "Oldest camera frame that is answered for [s], by its stamp.", minimum=0.01, maximum=3600.0
    )
    query_timeout: float = parameter(
        30.0, "Longest time from call to answer [s], waiting included.", minimum=0.1, maximum=3600.0
    )
    queue_capacity: int = parameter(
        8, "Queries that may wait; more are told BUSY. Used when activating.", minimum=1, maximum=256
    )
    sync_slop: float = parameter(
        0.03, "Largest time between a colour and a depth image of one pair [s]. Used when activating.",
        minimum=0.001, maximum=1.0,
    )  # fmt: skip
    sync_queue_size: int = parameter(
        10, "Images of each kind that wait for their partner. Used when activating.", minimum=1, maximum=100
    )
    rectified: bool = parameter(
        False, "Images are rectified although camera_info tells of distortion: use P. Used when activating."
    )
