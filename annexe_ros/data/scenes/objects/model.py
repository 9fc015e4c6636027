"""What an object is to the scene: coloured parts around a name, and the places where a hand can take hold.

Objects stand on z = 0 of their own frame, roughly centred, their front towards -y, natural size in metres.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import Look
from annexe_ros.data.scenes.shapes import Floats, Mesh

Vector = tuple[float, float, float]
Coloured = tuple[Look, list[Mesh]]
"""Meshes of one material."""


class GripKind(enum.StrEnum):
    """How a hand holds on: fingers around a bar, thumb against fingers, or flat on a face."""

    WRAP = "wrap"
    PINCH = "pinch"
    PRESS = "press"


@dataclass(frozen=True)
class Grip:
    """A place to hold an object, in the object's frame.

    Attributes:
        kind: how the hand closes.
        point: centre of what is held [m]; for a press, the point under the palm.
        axis: WRAP the bar's direction, PINCH the direction in which the thumb and fingers close, PRESS the face normal.
        outward: the side from which the hand comes (the back of a wrapping hand, the wrist of a pinching one).
        radius: half the thickness of what is held [m].
        carries: the object can be lifted by this grip.
    """

    kind: GripKind
    point: Vector
    axis: Vector
    outward: Vector
    radius: float = 0.01
    carries: bool = True


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh and its material."""

    mesh: Mesh
    look: Look


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """One object: category, the colour that names it, its parts and its grips."""

    category: str
    colour: str
    parts: tuple[Part, ...]
    grips: tuple[Grip, ...]

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner (3,) [m] of the bounding box along the object's axes."""
        vertices = np.concatenate([part.mesh.vertices for part in self.parts])
        return vertices.min(axis=0), vertices.max(axis=0)

    @property
    def size(self) -> Floats:
        """Extent (3,) [m] of the bounding box."""
        low, high = self.bounds
        return high - low

    def transformed(self, scale: float = 1.0, rotation: Rotation | None = None) -> ObjectModel:
        """Return the object scaled, turned into another resting pose, and set down centred on z = 0."""
        turn = rotation or Rotation.identity()
        parts = [replace(part, mesh=part.mesh.moved(rotation=turn, scale=scale)) for part in self.parts]
        low, high = replace(self, parts=tuple(parts)).bounds
        shift = -np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
        return replace(
            self,
            parts=tuple(replace(part, mesh=part.mesh.moved(shift)) for part in parts),
            grips=tuple(_transformed_grip(grip, scale, turn, shift) for grip in self.grips),
        )


def _transformed_grip(grip: Grip, scale: float, turn: Rotation, shift: Floats) -> Grip:
    point, axis, outward = (turn.apply(np.asarray(v, dtype=float)) for v in (grip.point, grip.axis, grip.outward))
    return replace(
        grip,
        point=tuple(point * scale + shift),
        axis=tuple(axis),
        outward=tuple(outward),
        radius=grip.radius * scale,
    )


def parts_of(groups: Sequence[Coloured]) -> tuple[Part, ...]:
    """Return one part per mesh, given meshes grouped by material."""
    return tuple(Part(mesh, look) for look, meshes in groups for mesh in meshes)
