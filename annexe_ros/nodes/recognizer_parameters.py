"""What can be set of the interaction recognizer; docs and the shipped parameters file are held against this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annexe_ros.nodes.shared_parameters import autostart, diagnostics_period, encoder_device, image_transport, max_gap
from annexe_ros.ros.parameters import parameter

NONE = [""]
"""A list of texts without any: ROS can't tell the type of an empty one."""
VERBS = [
    "picks up/takes", "puts down/places", "pushes/pushes away", "pulls/draws nearer", "opens", "closes/shuts",
    "lifts/raises", "lowers", "pours from/tips out", "cuts with/saws with", "shakes", "turns over/flips",
]  # fmt: skip
NOUNS = [
    "bottle/flask", "bowl", "bucket/pail", "kettle", "mug/cup", "toy car/little car", "knife", "scissors",
    "laptop/notebook", "safe", "storage furniture=drawers/cabinet", "trash can/bin",
]  # fmt: skip
"""What the shipped encoder has learned."""
PHRASE = "{phrase}"


def _problem_of_names(texts: Sequence[str]) -> str | None:
    """Say what keeps texts from being names with their wordings."""
    if list(texts) == NONE:
        return None
    wrong = next((text for text in texts if not all(map(str.strip, text.replace("=", "/").split("/")))), None)
    return None if wrong is None else f"'{wrong}' is no name with its wordings, such as 'picks up/takes'"


def _problem_of_template(text: str) -> str | None:
    return None if PHRASE in text else f"the template '{text}' has no place for the phrase; write {PHRASE} there"


@dataclass(frozen=True)
class RecognizerParameters:
    """Parameters of the node ``interaction_recognizer``."""

    model: str = parameter(
        "egovideo-clips", "Folder of a clip encoder, or name of a shipped one. Used when configuring."
    )
    device: str = encoder_device()
    autostart: bool = autostart()
    verbs: list[str] = parameter(
        VERBS, "Verbs to tell apart, each with its wordings ('picks up/takes'). Used when configuring.",
        check=_problem_of_names,
    )  # fmt: skip
    nouns: list[str] = parameter(
        NOUNS, "Nouns to tell apart, each with its wordings, or 'name=wording/wording'. Used when configuring.",
        check=_problem_of_names,
    )  # fmt: skip
    phrases: list[str] = parameter(
        NONE, "Whole phrases to tell apart, in place of verbs and nouns. Used when configuring.",
        check=_problem_of_names,
    )  # fmt: skip
    template: str = parameter(
        f"#C C {PHRASE}", f"Caption around a phrase, as the encoder knows it: {PHRASE} is its place. "
        "Used when configuring.",
        check=_problem_of_template,
    )  # fmt: skip
    window: float = parameter(
        2.0, "Time that is recognised as a whole [s], by the images' stamps. Used when activating.",
        minimum=0.1, maximum=60.0,
    )  # fmt: skip
    stride: float = parameter(
        0.5, "Least time between the ends of two windows [s]. Used when activating.", minimum=0.02, maximum=60.0
    )
    max_gap: float = max_gap(0.3)
    min_margin: float = parameter(
        0.05, "Nothing is published of a window whose phrase beats its hard negatives by less.",
        minimum=0.0, maximum=2.0,
    )  # fmt: skip
    image_transport: str = image_transport()
    diagnostics_period: float = diagnostics_period()
