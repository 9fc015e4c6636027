"""The language of the house: frames, queries, interpretations, geometry and errors (numpy and scipy only)."""

from annexe_ros.core.camera import PinholeCamera
from annexe_ros.core.choices import EngineKind, Precision
from annexe_ros.core.frame import Frame
from annexe_ros.core.interpretation import (
    LEFT_HAND_LABEL,
    NO_TARGET_ANSWER,
    RIGHT_HAND_LABEL,
    Extent,
    GroundedObject,
    Hands,
    Interpretation,
    OrientedBox,
    Role,
    StageLatency,
    bounding_box,
    role_of,
)
from annexe_ros.core.interpreter import (
    DepthEstimator,
    DeviceHolder,
    GazeAnswerer,
    InstanceNamer,
    Interpreter,
    Progress,
    Stage,
    Surveyor,
)
from annexe_ros.core.query import MAX_QUERY_CHARACTERS, Query

__all__ = [
    "LEFT_HAND_LABEL",
    "MAX_QUERY_CHARACTERS",
    "NO_TARGET_ANSWER",
    "RIGHT_HAND_LABEL",
    "DepthEstimator",
    "DeviceHolder",
    "EngineKind",
    "Extent",
    "Frame",
    "GazeAnswerer",
    "GroundedObject",
    "Hands",
    "InstanceNamer",
    "Interpretation",
    "Interpreter",
    "OrientedBox",
    "PinholeCamera",
    "Precision",
    "Progress",
    "Query",
    "Role",
    "Stage",
    "StageLatency",
    "Surveyor",
    "bounding_box",
    "role_of",
]
