"""What the engine says of a frame: analysis, answer and grounded objects. No tensor and no ROS type.

Targets are named in a fixed vocabulary ("right hand", "trash can"), and a name tells the role. Masks live in one label
image, so that they can't overlap; an object refers to its pixels by ``mask_value``. Texts are ``encodable``, whatever a
model or a server made of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.texts import encodable

Window = tuple[slice, slice]
"""Rows and columns of an image."""

NO_TARGET_ANSWER = "There is no suitable target."
LEFT_HAND_LABEL = "left hand"
RIGHT_HAND_LABEL = "right hand"


class Role(enum.IntEnum):
    """What an object is in the interaction; the values of ``msg/InteractionObject``."""

    UNKNOWN = 0
    LEFT_HAND = 1
    RIGHT_HAND = 2
    OBJECT = 3


class Hands(enum.IntFlag):
    """A set of hands; the bits of ``touched_by`` in ``msg/InteractionObject``."""

    NONE = 0
    LEFT = 1
    RIGHT = 2


class Extent(enum.IntEnum):
    """What the size of a box covers; the values of ``msg/InteractionObject``."""

    VISIBLE_SURFACE = 0
    FULL = 1


def role_of(label: str) -> Role:
    """Return the role that a target's name implies: the two hands have names of their own, the rest are objects."""
    if label == LEFT_HAND_LABEL:
        return Role.LEFT_HAND
    if label == RIGHT_HAND_LABEL:
        return Role.RIGHT_HAND
    return Role.OBJECT if label else Role.UNKNOWN


@dataclass(frozen=True, eq=False)
class OrientedBox:
    """A box in a frame that its owner names.

    Attributes:
        center: (3,) float64 [m].
        rotation: (3, 3) float64, columns are the box's axes in that frame (right-handed).
        size: (3,) float64 [m] along the box's axes.
        covariance: (6, 6) float64 of (x, y, z, rotation about x, y, z) [m², rad²].
        extent: what ``size`` covers.
    """

    center: NDArray[np.float64]
    rotation: NDArray[np.float64]
    size: NDArray[np.float64]
    covariance: NDArray[np.float64]
    extent: Extent = Extent.VISIBLE_SURFACE


@dataclass(frozen=True, eq=False)
class GroundedObject:
    """One target with its pixels (where the label image equals ``mask_value``) and, with depth, its place.

    Attributes:
        label: name in the vocabulary.
        mask_value: 1..255, or 0 when masks were not asked for.
        score: confidence of name and mask, 0..1.
        role: which part it plays.
        active: takes part in an interaction.
        touched_by: hands that touch this object (empty for hands).
        track_id: stable over frames, 0 when not tracked.
        box3d: place in the frame's optical frame; None without enough valid depth.
        depth_coverage: share of mask pixels with valid depth.
    """

    label: str
    mask_value: int
    score: float
    role: Role
    active: bool = False
    touched_by: Hands = Hands.NONE
    track_id: int = 0
    box3d: OrientedBox | None = None
    depth_coverage: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", encodable(self.label))


@dataclass(frozen=True)
class StageLatency:
    """Wall time of one stage of the engine [ms]."""

    stage: str
    ms: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "stage", encodable(self.stage))


class Windows:
    """Where the labels of one image (H, W) uint8 lie; each is looked for once, when it is first asked for."""

    def __init__(self, labels: NDArray[np.uint8]) -> None:
        self.labels = labels
        self._found: dict[int, Window | None] = {}

    def around(self, label: int) -> Window | None:
        """Return the tightest window around the pixels of a label; None where there are none."""
        if label not in self._found:
            self._found[label] = window_around(self.labels == label)
        return self._found[label]


NO_WINDOWS = Windows(np.zeros((0, 0), dtype=np.uint8))


@dataclass(frozen=True, eq=False)
class Interpretation:
    """The engine's reply to one query about one frame.

    Attributes:
        analysis: description of the interaction; empty when not wanted.
        answer: names of the targets joined with " and ", or ``NO_TARGET_ANSWER``.
        has_target: is there any target at all (the mask indicator of ANNEXE).
        target_score: the indicator's confidence that there is one, 0..1.
        objects: targets in the order of the answer.
        label_image: (H, W) uint8 of the frame's size, 0 = background, else an object's ``mask_value``.
        engine, model: who answered.
        latencies: stages in the order they ran.
        notes: what was degraded, one sentence each.
        gaze: pixel (x, y) of the frame that the wearer looked at; None where it isn't known.
        windows: where the masks lie, made from ``label_image``; replies that are made from each other share them.
    """

    analysis: str
    answer: str
    has_target: bool
    target_score: float
    objects: tuple[GroundedObject, ...]
    label_image: NDArray[np.uint8]
    engine: str
    model: str
    latencies: tuple[StageLatency, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    gaze: tuple[float, float] | None = None
    windows: Windows = field(default=NO_WINDOWS, repr=False)

    def __post_init__(self) -> None:
        for name in ("analysis", "answer", "engine", "model"):
            object.__setattr__(self, name, encodable(getattr(self, name)))
        object.__setattr__(self, "notes", tuple(map(encodable, self.notes)))
        if self.windows.labels is not self.label_image:
            object.__setattr__(self, "windows", Windows(self.label_image))

    def mask(self, target: GroundedObject) -> NDArray[np.bool_]:
        """Return the pixels (H, W) bool of one of this reply's objects."""
        if not target.mask_value:
            return np.zeros(self.label_image.shape, dtype=bool)
        return self.label_image == target.mask_value

    def window(self, target: GroundedObject) -> Window | None:
        """Return the tightest rows and columns around the pixels of one of this reply's objects; None without any."""
        return self.windows.around(target.mask_value) if target.mask_value else None


def window_around(mask: NDArray[np.bool_]) -> Window | None:
    """Return the tightest rows and columns around a mask (H, W) bool; None for an empty one."""
    x, y, width, height = bounding_box(mask)
    return (slice(y, y + height), slice(x, x + width)) if width else None


def bounding_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return (x, y, width, height) of the tightest box around a mask (H, W) bool; all 0 for an empty one."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return 0, 0, 0, 0
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1
