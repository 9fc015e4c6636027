"""The stage: what objects stand on and what is around it. All of it is background in the masks.

The supporting surface is the plane z = 0; the wearer stands on its -y side. Knows nothing of objects and hands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes import appearance as paint
from annexe_ros.data.scenes.appearance import Generator, Image, Look
from annexe_ros.data.scenes.objects.model import Part
from annexe_ros.data.scenes.shapes import Floats, Mesh, box, cylinder, ellipsoid, height_field, turned

_TEXTURES: dict[str, tuple[Callable[[Generator], Image], ...]] = {
    "wooden table": (paint.wood,),
    "marble table": (paint.marble, paint.marble, paint.stone),
    "plain table": (paint.plain,),
    "tablecloth": (paint.cloth,),
    "tiled counter": (paint.tiles,),
    "bed": (paint.cloth,),
    "carpet": (paint.carpet,),
    "floor": (paint.wood, paint.tiles, paint.stone, paint.plain),
}
_ON_FLOOR = ("carpet", "floor")


@dataclass(frozen=True, eq=False)
class Ground:
    """The rectangle that objects stand on.

    Attributes:
        kind: one of ``combos.SURFACES``.
        half: (2,) half extents [m] of the supporting rectangle.
        center: (2,) its centre in the world.
        yaw: rotation of the rectangle about z [rad].
        floor: height of the floor [m], 0 or below.
    """

    kind: str
    half: Floats
    center: Floats
    yaw: float
    floor: float

    def holds(self, points: Floats, margin: float = 0.0) -> bool:
        """Return whether all points (N, 2) lie on the surface, ``margin`` [m] inside its edge."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        local = (np.atleast_2d(points) - self.center) @ np.array([[c, -s], [s, c]])
        return bool((np.abs(local) <= self.half - margin).all())


def sample_ground(rng: Generator, kind: str) -> Ground:
    """Return a surface of a kind within the wearer's reach."""
    on_floor = kind in _ON_FLOOR
    half = np.array([rng.uniform(0.45, 0.95), rng.uniform(0.30, 0.6)])
    if on_floor or kind == "bed":
        half = np.array([rng.uniform(0.9, 1.6), rng.uniform(0.9, 1.4)])
    near = rng.uniform(0.18, 0.45)
    center = np.array([rng.uniform(-0.25, 0.25), half[1] - near])
    yaw = float(np.radians(rng.normal(0, 12)))
    floor = 0.0 if on_floor else -float(rng.uniform(0.35, 0.8))
    return Ground(kind, half, center, yaw, floor)


def furnish(rng: Generator, ground: Ground) -> tuple[Part, ...]:
    """Return the look of the surface, and floor, walls and furniture around it, in world coordinates."""
    turn = Rotation.from_euler("z", ground.yaw)
    support = _support(rng, ground.kind, ground.half, ground.floor)
    parts = [Part(part.mesh.moved((*ground.center, 0), turn), part.look) for part in support]
    on_floor = ground.kind in _ON_FLOOR
    parts += _room(rng, ground.center[1] + ground.half[1], ground.floor - (0.004 if on_floor else 0.0))
    return tuple(parts)


def _support(rng: Generator, kind: str, half: Floats, floor: float) -> list[Part]:
    image = paint.muted(rng, _TEXTURES[kind][int(rng.integers(len(_TEXTURES[kind])))](rng))
    gloss = float(rng.uniform(0.0, 0.35))
    size = 2 * half
    relief = np.zeros((26, 26))
    if kind in ("tablecloth", "bed"):
        soft = kind == "bed"
        image, folds = paint.wrinkled(rng, image, rng.uniform(0.05, 0.34 if soft else 0.2))
        gloss = float(rng.uniform(0.0, 0.6)) * soft
        coarse = folds[:: folds.shape[0] // 48, :: folds.shape[1] // 48]
        relief = (coarse - 1.0) * rng.uniform(0.002, 0.025 if soft else 0.008)
    top = height_field(relief, size)
    uv = top.uv * size / rng.uniform(0.6, 1.5) if top.uv is not None else None
    parts = [
        Part(
            Mesh(top.vertices, top.faces, uv),
            Look(texture=image, specular=gloss, shininess=float(rng.uniform(0.2, 0.8))),
        )
    ]
    if kind in _ON_FLOOR:
        return parts
    tone = image.mean(axis=(0, 1)) / 255 if rng.random() < 0.6 else np.array(paint.shade(rng, paint.pick_colour(rng)))
    edge = Look((float(tone[0]), float(tone[1]), float(tone[2])), specular=gloss)
    thick = float(rng.uniform(0.02, 0.06)) if rng.random() < 0.6 and kind != "bed" else -floor
    parts.append(Part(box((size[0], size[1], thick), (0, 0, -thick / 2 - 0.012)), edge))
    if thick < 0.1:
        parts += [
            Part(cylinder(0.025, -floor).moved((sx * half[0] * 0.9, sy * half[1] * 0.9, floor)), edge)
            for sx in (-1, 1)
            for sy in (-1, 1)
        ]
    return parts


def _room(rng: Generator, far: float, floor: float) -> list[Part]:
    """Return floor, walls, posters and boxy furniture beyond the far edge of the surface."""
    ground = height_field(np.zeros((16, 16)), (9, 9)).moved((0, 1.5, floor - 0.002))
    ground = Mesh(ground.vertices, ground.faces, ground.uv * rng.uniform(3, 8) if ground.uv is not None else None)
    choices = (paint.wood, paint.tiles, paint.stone, paint.plain, paint.carpet)
    parts = [
        Part(
            ground,
            Look(
                texture=paint.muted(rng, choices[int(rng.integers(len(choices)))](rng)),
                specular=float(rng.uniform(0, 0.4)),
            ),
        )
    ]
    wall_at = far + float(rng.uniform(0.02, 0.3) if rng.random() < 0.5 else rng.uniform(0.3, 2.5))
    walls = (paint.plain, paint.plain, paint.plain, paint.tiles, paint.scenery, paint.cloth, paint.wood)
    image = paint.muted(rng, walls[int(rng.integers(len(walls)))](rng))
    upright = height_field(np.zeros((14, 14)), (8, 4))
    upright = Mesh(upright.vertices, upright.faces, upright.uv * 3 if upright.uv is not None else None)
    look = Look(texture=image, specular=0.05)
    turn = Rotation.from_euler("z", rng.normal(0, 8), degrees=True)
    parts.append(Part(upright.moved((0, wall_at, floor + 2), turn * turned("x", 90)), look))
    for side in (-1, 1):
        if rng.random() < 0.35:
            parts.append(
                Part(
                    upright.moved(
                        (side * rng.uniform(1.3, 2.5), 0, floor + 2), turned("z", -90 * side) * turned("x", 90)
                    ),
                    look,
                )
            )
    for _ in range(int(rng.integers(0, 3))):
        size = rng.uniform(0.2, 0.6, 2)
        picture = box((size[0], 0.01, size[1]), (rng.uniform(-1.2, 1.2), wall_at - 0.15, floor + rng.uniform(0.6, 1.6)))
        parts.append(Part(picture, Look(texture=paint.printed(rng) if rng.random() < 0.5 else paint.scenery(rng))))
    for _ in range(int(rng.integers(0, 4))):
        parts += _furniture(rng, far, floor)
    return parts


def _furniture(rng: Generator, far: float, floor: float) -> list[Part]:
    """Return a box somewhere beyond: a cupboard, a screen, or a bed with wrinkled bedding."""
    size = rng.uniform((0.3, 0.3, 0.2), (1.6, 0.9, 0.8))
    at = np.array([rng.uniform(-2, 2), far + size[1] / 2 + rng.uniform(0.05, 0.8), floor + size[2] / 2])
    turn = Rotation.from_euler("z", rng.normal(0, 15), degrees=True)
    if rng.random() < 0.4:
        bedding, folds = paint.wrinkled(rng, paint.cloth(rng), rng.uniform(0.1, 0.4))
        top = height_field(folds[::12, ::12] * 0.05, size[:2] * 1.05)
        image = paint.muted(rng, bedding)
        quilt = Part(top.moved(at + np.array([0, 0, size[2] / 2]), turn), Look(texture=image, specular=0.2))
        return [Part(box(size).moved(at, turn), Look(texture=image)), quilt]
    styles = (paint.wood, paint.plain, paint.scenery)
    image = paint.muted(rng, styles[int(rng.integers(len(styles)))](rng))
    return [Part(box(size).moved(at, turn), Look(texture=image, specular=0.1))]


def sample_prop(rng: Generator) -> tuple[Part, ...]:
    """Return a thing that is none of the categories: a sheet, a book, a box, a ball, a fruit, a pen, or several."""
    kind = rng.random()
    picture = Look(texture=paint.printed(rng), specular=0.1)
    plain = Look(paint.shade(rng, paint.pick_colour(rng)), specular=float(rng.uniform(0, 0.6)))
    if kind < 0.16:
        return _crate(rng, plain) if kind < 0.08 else _heap(rng)
    if kind < 0.28:
        return (Part(box((rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.22), 0.002), (0, 0, 0.002)), picture),)
    if kind < 0.4:
        size = rng.uniform((0.1, 0.08, 0.01), (0.24, 0.17, 0.05))
        return (Part(box(size, (0, 0, size[2] / 2)), picture),)
    if kind < 0.6:
        size = rng.uniform((0.03, 0.03, 0.02), (0.14, 0.10, 0.10))
        return (Part(box(size, (0, 0, size[2] / 2)), plain if rng.random() < 0.6 else picture),)
    if kind < 0.8:
        radii = rng.uniform(0.02, 0.042) * rng.uniform(0.8, 1.2, 3)
        return (Part(ellipsoid(radii, (0, 0, radii[2])), plain),)
    length = rng.uniform(0.10, 0.18)
    pen = cylinder(rng.uniform(0.004, 0.012), length, 10).moved((-length / 2, 0, 0.008), turned("y", 90))
    return (Part(pen, plain),)


def _heap(rng: Generator) -> tuple[Part, ...]:
    """Return small things of many colours close together."""
    parts = []
    for _ in range(int(rng.integers(3, 9))):
        size = rng.uniform(0.012, 0.06, 3)
        at = np.append(rng.normal(0, 0.05, 2), size[2] / 2)
        turn = turned("z", float(rng.uniform(0, 180)))
        thing = box(size, (0, 0, 0)) if rng.random() < 0.6 else ellipsoid(size / 2, (0, 0, 0))
        picture = paint.printed(rng) if rng.random() < 0.4 else None
        look = Look(paint.shade(rng, paint.pick_colour(rng)), specular=float(rng.uniform(0, 0.5)))
        parts.append(Part(thing.moved(at, turn), look if picture is None else Look(texture=picture, specular=0.2)))
    return tuple(parts)


def _crate(rng: Generator, look: Look) -> tuple[Part, ...]:
    """Return an open crate or tray with balls and blocks in it."""
    x, y, z = rng.uniform((0.12, 0.1, 0.02), (0.32, 0.24, 0.09))
    walls = [box((x, y, 0.004), (0, 0, 0.002))]
    walls += [box((x, 0.006, z), (0, s * y / 2, z / 2)) for s in (-1, 1)]
    walls += [box((0.006, y, z), (s * x / 2, 0, z / 2)) for s in (-1, 1)]
    parts = [Part(wall, look) for wall in walls]
    for _ in range(int(rng.integers(1, 5))):
        at = np.append(rng.uniform(-0.35, 0.35, 2) * (x, y), 0.02)
        thing = ellipsoid((0.018,) * 3, at) if rng.random() < 0.5 else box(rng.uniform(0.02, 0.05, 3), at)
        parts.append(Part(thing, Look(paint.shade(rng, paint.pick_colour(rng)), specular=0.3)))
    return tuple(parts)
