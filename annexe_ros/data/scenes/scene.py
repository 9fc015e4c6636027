"""A scene as a plain description in world coordinates: what is where, before MuJoCo and before any picture.

The world: z up, the supporting surface at z = 0, the wearer on the -y side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Look
from annexe_ros.data.scenes.arms import Sleeve
from annexe_ros.data.scenes.grasp import PosedHand
from annexe_ros.data.scenes.lighting import Lighting
from annexe_ros.data.scenes.objects import Grip, ObjectModel, Part
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.surfaces import Ground
from annexe_ros.data.scenes.viewpoint import Viewpoint

_UNIT_CORNERS = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])


@dataclass(frozen=True, eq=False)
class PlacedObject:
    """An object in the world; ``lifted`` is held clear of the surface."""

    model: ObjectModel
    position: Floats
    rotation: Rotation
    touched_by: Hands = Hands.NONE
    lifted: bool = False

    def to_world(self, points: Floats) -> Floats:
        """Return points (N, 3) of the object's frame in the world."""
        return self.rotation.apply(points) + self.position

    def box_corners(self) -> Floats:
        """Return the eight corners (8, 3) of the object's box in the world."""
        low, high = self.model.bounds
        return self.to_world(low + _UNIT_CORNERS * (high - low))

    def grip(self, grip: Grip) -> Grip:
        """Return one of the object's grips in the world."""
        return replace(
            grip,
            point=tuple(self.to_world(np.array([grip.point]))[0]),
            axis=tuple(self.rotation.apply(grip.axis)),
            outward=tuple(self.rotation.apply(grip.outward)),
        )


@dataclass(frozen=True, eq=False)
class DressedHand:
    """A hand with its skin, sleeve and watch; ``touches`` is an index into the scene's objects."""

    hand: PosedHand
    touches: int | None
    skin: Look
    sleeve: Sleeve | None
    girth: float
    watch: Look | None


@dataclass(frozen=True, eq=False)
class Prop:
    """A background thing on the surface."""

    parts: tuple[Part, ...]
    position: Floats
    yaw: float


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a renderer needs to know."""

    view: Viewpoint
    ground: Ground
    surroundings: tuple[Part, ...]
    objects: tuple[PlacedObject, ...]
    hands: tuple[DressedHand, ...]
    props: tuple[Prop, ...]
    lighting: Lighting
