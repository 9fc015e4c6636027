"""What the generator knows about a scene: the oracle that training, tests and evaluation may consult.

Written as ``scene/<id>.json`` beside each generated image. Poses are in the camera's optical frame [m] (REP-103).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from annexe_ros.core import LEFT_HAND_LABEL, RIGHT_HAND_LABEL, Hands, PinholeCamera, Role, role_of

CATEGORIES = (
    "toy car", "mug", "laptop", "storage furniture", "bottle", "safe", "bowl", "bucket",
    "scissors", "pliers", "kettle", "knife", "trash can", "lamp", "stapler", "chair",
)  # fmt: skip
"""The object categories of HOI4D, as named in answers."""
_OTHER_SIDE = {LEFT_HAND_LABEL: RIGHT_HAND_LABEL, RIGHT_HAND_LABEL: LEFT_HAND_LABEL}


@dataclass(frozen=True)
class Instance:
    """One hand or object of a scene.

    Attributes:
        index: pixel value in the mask image, 1..255.
        label: "left hand", "right hand" or one of ``CATEGORIES``.
        role: hand or object.
        colour: a common colour name ("white", "dark blue"); empty for hands.
        touched_by: hands that touch this object; for a hand, ``Hands.NONE``.
        touches: label of the object that this hand touches; empty for objects and idle hands.
        lifted: held clear of the surface.
        visible_pixels: pixels in the mask image.
        full_pixels: pixels it would have with nothing in front of it, inside the image.
        hidden_by_hand: share of ``full_pixels`` that a hand covers.
        center: (x, y, z) of the full bounding box [m].
        rotation: 3x3, rows of the matrix whose columns are the box's axes.
        size: full bounding box along its axes [m].
    """

    index: int
    label: str
    role: Role
    colour: str
    touched_by: Hands
    touches: str
    lifted: bool
    visible_pixels: int
    full_pixels: int
    hidden_by_hand: float
    center: tuple[float, float, float]
    rotation: tuple[tuple[float, float, float], ...]
    size: tuple[float, float, float]

    def mirrored(self) -> Instance:
        """Return the instance as a mirror that exchanges left and right shows it (the camera's x axis turns round)."""
        (a, b, c), (d, e, f), (g, h, i) = self.rotation
        return replace(
            self,
            label=_OTHER_SIDE.get(self.label, self.label),
            role=role_of(_OTHER_SIDE[self.label]) if self.label in _OTHER_SIDE else self.role,
            touched_by=_exchanged(self.touched_by),
            center=(-self.center[0], *self.center[1:]),
            rotation=((a, -b, -c), (-d, e, f), (-g, h, i)),
        )

    def renamed(self, names: Mapping[str, str]) -> Instance:
        """Return the instance under another name, and with another name for what it touches: ``names[old]``."""
        return replace(self, label=names.get(self.label, self.label), touches=names.get(self.touches, self.touches))


@dataclass(frozen=True)
class Fixation:
    """What the wearer looks at, an instance's ``index``, and the gaze point [pixels] that an eye tracker gives."""

    target: int
    point: tuple[float, float]

    def mirrored(self, width: int) -> Fixation:
        """Return the fixation in the mirror image; hundredths of a pixel, as points are given, stay exact."""
        return replace(self, point=(round(width - 1 - self.point[0], 2), self.point[1]))


@dataclass(frozen=True)
class SceneTruth:
    """One scene: camera, surface and instances. ``pitch_deg`` is how far the camera looks down.

    ``gaze`` is None for scenes of before it was known.
    """

    id: str
    seed: int
    camera: PinholeCamera
    pitch_deg: float
    surface: str
    instances: tuple[Instance, ...]
    gaze: Fixation | None = None

    def mirrored(self) -> SceneTruth:
        """Return the truth of the mirror image: its left hand is this scene's right hand."""
        camera = replace(self.camera, cx=self.camera.width - 1 - self.camera.cx)
        instances = tuple(instance.mirrored() for instance in self.instances)
        return replace(self, camera=camera, instances=instances, gaze=self.gaze and self.gaze.mirrored(camera.width))

    def renamed(self, names: Mapping[str, str]) -> SceneTruth:
        """Return the truth with other names for its things, ``names[old]``; no two may get the same one."""
        return replace(self, instances=tuple(instance.renamed(names) for instance in self.instances))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SceneTruth:
        """Read what ``to_json`` wrote; raises ``KeyError`` or ``TypeError`` on anything else."""
        instances = tuple(
            Instance(
                **{
                    **item,
                    "role": Role(item["role"]),
                    "touched_by": Hands(item["touched_by"]),
                    "center": tuple(item["center"]),
                    "rotation": tuple(tuple(row) for row in item["rotation"]),
                    "size": tuple(item["size"]),
                }
            )
            for item in data["instances"]
        )
        gaze = data.get("gaze")
        fixation = gaze and Fixation(int(gaze["target"]), tuple(gaze["point"]))
        return cls(**{**data, "camera": PinholeCamera(**data["camera"]), "instances": instances, "gaze": fixation})


def _exchanged(hands: Hands) -> Hands:
    left, right = Hands.RIGHT in hands, Hands.LEFT in hands
    return (Hands.LEFT if left else Hands.NONE) | (Hands.RIGHT if right else Hands.NONE)
