"""What a scene consists of and where everything is, drawn at random: a plain description, before any rendering.

A *plan* fixes what the mix of a data set is about (hands, touches, categories, surface); ``arrange`` then looks for
places for all of it and may be asked again with other dice until the picture is good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands
from annexe_ros.data.scenes.appearance import Generator, Look
from annexe_ros.data.scenes.arms import Sleeve, sample_sleeve, skin_look, skin_tone
from annexe_ros.data.scenes.combos import SURFACES, is_held_out
from annexe_ros.data.scenes.grasp import PosedHand, sample_arm_end, take_hold
from annexe_ros.data.scenes.hands import Pose
from annexe_ros.data.scenes.lighting import Lighting, sample_lighting
from annexe_ros.data.scenes.objects import MAKERS, Grip, GripKind, ObjectModel, Part
from annexe_ros.data.scenes.shapes import Floats
from annexe_ros.data.scenes.surfaces import Ground, furnish, sample_ground, sample_prop
from annexe_ros.data.scenes.truth import CATEGORIES
from annexe_ros.data.scenes.viewpoint import Viewpoint, sample_viewpoint

_SCALES = {
    "chair": (0.35, 0.75), "storage furniture": (0.55, 1.0), "safe": (0.5, 0.95), "bucket": (0.5, 1.0),
    "trash can": (0.5, 1.0), "lamp": (0.65, 1.05), "laptop": (0.7, 1.0), "kettle": (0.75, 1.05),
}  # fmt: skip
"""How much smaller than life furniture-like things may be (children's and desk-top versions)."""
_ROUND = ("bottle", "mug", "kettle", "bucket", "trash can", "lamp")
_LONG = ("scissors", "pliers", "knife", "stapler", "toy car")
_COARSE = 4
_FLOOR_KINDS = ("carpet", "floor")


@dataclass(frozen=True)
class Plan:
    """What a scene is to contain: ``hands`` are (side, index of the touched category or None)."""

    surface: str
    categories: tuple[str, ...]
    hands: tuple[tuple[Hands, int | None], ...]

    def touched(self, k: int) -> Hands:
        """Return the hands that touch category ``k``."""
        found = Hands.NONE
        for side, index in self.hands:
            if index == k:
                found |= side
        return found


@dataclass(frozen=True, eq=False)
class PlacedObject:
    """An object in the world."""

    model: ObjectModel
    position: Floats
    rotation: Rotation
    touched_by: Hands
    lifted: bool

    def to_world(self, points: Floats) -> Floats:
        """Return points (N, 3) of the object's frame in the world."""
        return self.rotation.apply(points) + self.position

    def box_corners(self) -> Floats:
        """Return the eight corners (8, 3) of the object's box in the world."""
        low, high = self.model.bounds
        unit = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        return self.to_world(low + unit * (high - low))

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
    """A hand with its skin and sleeve; ``touches`` is an index into the scene's objects."""

    hand: PosedHand
    touches: int | None
    skin: Look
    sleeve: Sleeve | None
    girth: float
    watch: Look | None


@dataclass(frozen=True, eq=False)
class Prop:
    """Background things on the surface."""

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


def sample_plan(rng: Generator, unseen: bool = False) -> Plan:
    """Return what a scene is to contain, in the proportions of the data set (see ``dataset``)."""
    surface = SURFACES[int(rng.integers(len(SURFACES)))]
    count = int(rng.choice(3, p=(0.10, 0.45, 0.45)))
    sides = (Hands.LEFT, Hands.RIGHT) if count == 2 else ((Hands.LEFT,), (Hands.RIGHT,))[int(rng.integers(2))][:count]
    touching = [side for side in sides if rng.random() < 0.85]
    together = len(touching) == 2 and not unseen and rng.random() < 0.12
    chosen = _touched_categories(rng, touching, surface, unseen, together)
    wanted = int(np.clip(rng.integers(3, 10), len(set(chosen.values())) + (2 if rng.random() < 0.9 else 0), 9))
    categories = list(dict.fromkeys(chosen.values()))
    others = [name for name in rng.permutation(CATEGORIES) if name not in categories]
    categories += [str(name) for name in others[: wanted - len(categories)]]
    hands = tuple((side, categories.index(chosen[side]) if side in chosen else None) for side in sides)
    return Plan(surface, tuple(categories), hands)


def _touched_categories(
    rng: Generator, sides: list[Hands], surface: str, unseen: bool, together: bool
) -> dict[Hands, str]:
    """Return what each touching hand touches: seen or only unseen combinations, two hands the same if ``together``."""
    while True:
        names = [str(name) for name in rng.choice(CATEGORIES, len(sides), replace=False)]
        if together:
            names = names[:1] * 2
        chosen = dict(zip(sides, names, strict=True))
        if all(is_held_out(name, side, surface) == unseen for side, name in chosen.items()):
            return chosen


def arrange(plan: Plan, rng: Generator, width: int, height: int) -> Scene | None:
    """Return a scene that follows the plan, or None if this throw of the dice found no room."""
    ground = sample_ground(rng, plan.surface)
    view = sample_viewpoint(rng, width, height, plan.surface in _FLOOR_KINDS)
    held = None
    models = [_make(rng, category, ground.floor == 0.0) for category in plan.categories]
    for _ in range(8):
        held = held or _place_interaction(rng, plan, models, ground, view)
    if held is None:
        return None
    objects, hands = held
    posed = [dressed.hand for dressed in hands]
    covered = _covered(view, objects, posed)
    for model in models[len(objects) :]:
        placed = _place_clutter(rng, model, ground, view, objects, posed, covered)
        if placed is None:
            return None
        objects.append(placed)
        cv2.fillConvexPoly(covered, _coarse_hull(view, placed.box_corners()), 1)
    props = _place_props(rng, ground, view, objects, posed)
    return Scene(view, ground, furnish(rng, ground), tuple(objects), tuple(hands), props, sample_lighting(rng))


def _place_interaction(
    rng: Generator, plan: Plan, models: list[ObjectModel], ground: Ground, view: Viewpoint
) -> tuple[list[PlacedObject], list[DressedHand]] | None:
    """Return the touched objects and all hands, or None."""
    objects: list[PlacedObject] = []
    for k, model in enumerate(models):
        if plan.touched(k):
            placed = _place_touched(rng, model, plan.touched(k), ground, view, objects)
            if placed is None:
                return None
            objects.append(placed)
    hands = _place_hands(rng, plan, objects, ground, view)
    return None if hands is None else (objects, hands)


def _make(rng: Generator, category: str, on_floor: bool) -> ObjectModel:
    """Return an object in a resting pose at a fitting scale."""
    low, high = _SCALES.get(category, (0.88, 1.12))
    scale = rng.uniform(low, high) * (1.2 if on_floor and high <= 1.0 else 1.0)
    turn = None
    if category in ("bottle", "mug") and rng.random() < 0.12:
        turn = Rotation.from_euler("x", -90, degrees=True)
    elif category in ("bowl", "bucket") and rng.random() < 0.06:
        turn = Rotation.from_euler("x", 180, degrees=True)
    return MAKERS[category](rng).transformed(float(scale), turn)


def _yaw(rng: Generator, category: str, at: Floats, view: Viewpoint) -> float:
    """Return a heading: fronts look roughly at the wearer, round and long things anywhere."""
    if category in _ROUND or category in _LONG:
        return float(rng.uniform(-np.pi, np.pi))
    to_camera = view.position[:2] - at[:2]
    return float(np.arctan2(to_camera[1], to_camera[0]) + np.pi / 2 + np.radians(rng.normal(0, 38)))


def _footprint(placed: PlacedObject) -> np.ndarray:
    corners = placed.box_corners()[:, :2].astype(np.float32)
    return cv2.convexHull(corners)


def _overlap(first: PlacedObject, second: PlacedObject) -> bool:
    area, _ = cv2.intersectConvexConvex(_footprint(first), _footprint(second))
    return area > 1e-6


def _place_touched(
    rng: Generator, model: ObjectModel, sides: Hands, ground: Ground, view: Viewpoint, objects: list[PlacedObject]
) -> PlacedObject | None:
    """Return a touched object near the middle of the picture, at times lifted."""
    width, height = view.camera.width, view.camera.height
    for _ in range(12):
        pixel = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.28, 0.82) * height)
        at = view.on_plane(pixel)
        if at is None or np.linalg.norm(at - view.position) > 1.15:
            continue
        rotation = Rotation.from_euler("z", _yaw(rng, model.category, at, view))
        placed = PlacedObject(model, at, rotation, sides, False)
        if rng.random() < 0.45 and any(grip.carries for grip in model.grips):
            placed = _lift(rng, placed)
        elif not ground.holds(placed.box_corners()[:, :2]):
            continue
        share = view.outline_share(placed.box_corners())
        if (0.011 if model.category in _LONG else 0.006) < share < 0.22 and not any(
            _overlap(placed, other) for other in objects
        ):
            return placed
    return None


def _lift(rng: Generator, placed: PlacedObject) -> PlacedObject:
    low, high = placed.model.bounds
    up = rng.uniform(0.03, 0.16) + 0.25 * np.linalg.norm((high - low)[:2]) / 2
    tilt = Rotation.from_rotvec(np.radians(np.append(rng.normal(0, 14, 2), 0)))
    return replace(placed, position=placed.position + (0, 0, up), rotation=tilt * placed.rotation, lifted=True)


def _place_hands(
    rng: Generator, plan: Plan, objects: list[PlacedObject], ground: Ground, view: Viewpoint
) -> list[DressedHand] | None:
    tone, scale, girth = skin_tone(rng), rng.uniform(0.92, 1.08), rng.uniform(0.85, 1.12)
    sleeve = sample_sleeve(rng)
    touched = [k for k in range(len(plan.categories)) if plan.touched(k)]
    posed: list[DressedHand] = []
    for side, category in plan.hands:
        index = touched.index(category) if category is not None else None
        hand = None
        for _ in range(5):
            hand = _pose_hand(rng, side, objects[index] if index is not None else None, scale, ground, view)
            if hand is not None and not any(_arms_collide(hand, other.hand) for other in posed):
                break
            hand = None
        if hand is None:
            return None
        watch = Look(tuple(rng.uniform(0.02, 0.9, 3)), specular=0.8) if rng.random() < 0.08 else None
        worn = replace(sleeve, bare=max(0.0, sleeve.bare + rng.normal(0, 0.02))) if sleeve else None
        posed.append(DressedHand(hand, index, skin_look(rng, tone), worn, girth, watch))
    return posed


def _pose_hand(
    rng: Generator, side: Hands, target: PlacedObject | None, scale: float, ground: Ground, view: Viewpoint
) -> PosedHand | None:
    if target is None:
        return _idle_hand(rng, side, scale, view)
    grips = [grip for grip in target.model.grips if grip.carries or not target.lifted]
    grip = target.grip(grips[int(rng.integers(len(grips)))])
    if not _in_view(view, np.array(grip.point), 0.06):
        return None
    end = sample_arm_end(rng, side, np.asarray(grip.point), view)
    if end is None:
        return None
    pose = Pose.POINT if grip.kind is GripKind.PRESS and rng.random() < 0.35 else None
    return take_hold(rng, side, grip, end, scale, pose)


def _idle_hand(rng: Generator, side: Hands, scale: float, view: Viewpoint) -> PosedHand | None:
    """Return a hand that holds nothing: above the surface, flat on it, or hanging in the picture."""
    width, height = view.camera.width, view.camera.height
    across = rng.uniform(0.35, 0.92)
    at = view.on_plane(((across if side is Hands.RIGHT else 1 - across) * width, rng.uniform(0.45, 0.9) * height))
    if at is None:
        return None
    flat = rng.random() < 0.4
    pose = Pose.PRESS if flat else (Pose.RELAXED, Pose.FIST, Pose.POINT, Pose.PRESS)[int(rng.integers(4))]
    up = np.array([0, 0, 1.0]) if flat else np.array([rng.normal(0, 0.5), rng.normal(0, 0.5), 1.0])
    point = at + (0, 0, 0.008 if flat else rng.uniform(0.06, 0.2))
    grip = Grip(GripKind.PRESS, tuple(point), tuple(up), (0, 0, 1), 0.02)
    if not _in_view(view, point, 0.08):
        return None
    end = sample_arm_end(rng, side, point, view)
    return None if end is None else take_hold(rng, side, grip, end, scale, pose)


def _in_view(view: Viewpoint, point: Floats, margin: float) -> bool:
    pixel, depth = view.pixels(point)
    low = margin * np.array([view.camera.width, view.camera.height])
    high = (1 - margin) * np.array([view.camera.width, view.camera.height])
    return bool(depth[0] > 0.2 and (pixel[0] > low).all() and (pixel[0] < high).all())


def _arms_collide(first: PosedHand, second: PosedHand) -> bool:
    gap = np.linalg.norm(first.arm[:, None] - second.arm[None], axis=-1).min()
    centers = np.linalg.norm(first.to_world(np.array([[0.09, 0, 0]])) - second.to_world(np.array([[0.09, 0, 0]])))
    return bool(gap < 0.075 or centers < 0.085)


def _blocked(placed: PlacedObject, hands: list[PosedHand]) -> bool:
    """Return whether a hand or arm goes through an object that it doesn't touch."""
    corners = placed.box_corners()
    center, radius = corners.mean(axis=0), np.linalg.norm(np.ptp(corners[:, :2], axis=0)) / 2
    for hand in hands:
        way = np.concatenate([hand.arm, hand.to_world(np.array([[0.05, 0, 0], [0.1, 0, -0.02], [0.14, 0, -0.04]]))])
        close = np.linalg.norm(way[:, :2] - center[:2], axis=1) < 0.75 * radius + 0.045
        if (close & (way[:, 2] < corners[:, 2].max() + 0.05)).any():
            return True
    return False


def _place_clutter(
    rng: Generator,
    model: ObjectModel,
    ground: Ground,
    view: Viewpoint,
    objects: list[PlacedObject],
    hands: list[PosedHand],
    covered: np.ndarray,
) -> PlacedObject | None:
    """Return an untouched object somewhere in view, clear of everything else."""
    width, height = view.camera.width, view.camera.height
    for _ in range(40):
        at = view.on_plane((rng.uniform(0.04, 0.96) * width, rng.uniform(0.04, 0.94) * height))
        if at is None or np.linalg.norm(at - view.position) > 1.9:
            continue
        placed = PlacedObject(
            model, at, Rotation.from_euler("z", _yaw(rng, model.category, at, view)), Hands.NONE, False
        )
        corners = placed.box_corners()
        if (
            not ground.holds(corners[:, :2])
            or not (0.004 if model.category in _LONG else 0.002) < view.outline_share(corners) < 0.13
        ):
            continue
        if _hidden_share(covered, _coarse_hull(view, corners)) > 0.4:
            continue
        if not any(_overlap(placed, other) for other in objects) and not _blocked(placed, hands):
            return placed
    return None


def _coarse_hull(view: Viewpoint, points: Floats) -> np.ndarray:
    """Return the outline of points (N, 3) in a picture of a quarter of the size."""
    pixels, _ = view.pixels(points)
    return cv2.convexHull(np.clip(pixels / _COARSE, -1000, 1000).astype(np.int32))


def _covered(view: Viewpoint, objects: list[PlacedObject], hands: list[PosedHand]) -> np.ndarray:
    """Return which pixels (H / 4, W / 4) the touched objects and the arms take."""
    covered = np.zeros((view.camera.height // _COARSE, view.camera.width // _COARSE), np.uint8)
    for placed in objects:
        cv2.fillConvexPoly(covered, _coarse_hull(view, placed.box_corners()), 1)
    for hand in hands:
        pixels, depth = view.pixels(
            np.concatenate([hand.to_world(np.array([[0.15, 0, -0.02], [0.05, 0, 0]])), hand.arm])
        )
        way = np.clip(pixels / _COARSE, -1000, 1000).astype(np.int32)
        for k in range(len(way) - 1):
            thickness = max(1, round(0.075 * view.camera.fx / max(depth[k], 0.1) / _COARSE))
            cv2.line(covered, tuple(map(int, way[k])), tuple(map(int, way[k + 1])), 1, min(thickness, 200))
    return covered


def _hidden_share(covered: np.ndarray, hull: np.ndarray) -> float:
    """Return the share of an outline that is covered or outside the picture."""
    shape = cv2.fillConvexPoly(np.zeros_like(covered), hull, 1)
    return 1 - float((shape & (1 - covered)).sum()) / max(cv2.contourArea(hull), 1.0)


def _place_props(
    rng: Generator, ground: Ground, view: Viewpoint, objects: list[PlacedObject], hands: list[PosedHand]
) -> tuple[Prop, ...]:
    props = []
    for _ in range(int(rng.integers(0, 5))):
        parts = sample_prop(rng)
        at = view.on_plane(rng.uniform(0.05, 0.95, 2) * (view.camera.width, view.camera.height))
        if at is None or not ground.holds(at[None, :2], 0.02):
            continue
        yaw = float(rng.uniform(-np.pi, np.pi))
        stand_in = PlacedObject(ObjectModel("", "", parts, ()), at, Rotation.from_euler("z", yaw), Hands.NONE, False)
        if not any(_overlap(stand_in, other) for other in objects) and not _blocked(stand_in, hands):
            props.append(Prop(parts, at, yaw))
    return tuple(props)
