"""What can be set of the step tracker; docs and the shipped parameters file are held against this."""

from __future__ import annotations

from dataclasses import dataclass

from annexe_ros.nodes.shared_parameters import autostart, diagnostics_period, encoder_device, image_transport, max_gap
from annexe_ros.ros.parameters import parameter


@dataclass(frozen=True)
class StepTrackerParameters:
    """Parameters of the node ``step_tracker``."""

    model: str = parameter("", "Folder of a step tracker, as 'annexe train-tracker' writes it. Used when configuring.")
    encoder: str = parameter(
        "", "Folder or name of the clip encoder; empty: the one that the tracker was trained with. "
        "Used when configuring.",
    )  # fmt: skip
    device: str = encoder_device()
    autostart: bool = autostart()
    demonstration: str = parameter(
        "", "Folder of a recording with steps.json, to tell the place in; empty: none. Used when configuring."
    )
    candidates: int = parameter(
        3, "How many candidates for the next step are told at most. Used when activating.", minimum=1, maximum=100
    )
    max_gap: float = max_gap(0.5)
    image_transport: str = image_transport()
    diagnostics_period: float = diagnostics_period()
