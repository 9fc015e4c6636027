"""Arranges a scene after a plan: stage and camera first, then touched objects and hands, then clutter around them.

Knows nothing of rendering: the same plan may be arranged again with other dice until the picture is good.
"""

from __future__ import annotations

from collections.abc import Sequence

from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.handling import place_hands
from annexe_ros.data.scenes.lighting import sample_lighting
from annexe_ros.data.scenes.objects import ObjectModel
from annexe_ros.data.scenes.placement import Clearing, place_touched, sample_object
from annexe_ros.data.scenes.plan import Plan
from annexe_ros.data.scenes.scene import DressedHand, PlacedObject, Scene
from annexe_ros.data.scenes.surfaces import Ground, furnish, sample_ground
from annexe_ros.data.scenes.viewpoint import Viewpoint, sample_viewpoint

_TRIES = 8


def arrange(plan: Plan, rng: Generator, width: int, height: int) -> Scene | None:
    """Return a scene of the plan for images of ``width`` x ``height``, or None if these dice found no room."""
    ground = sample_ground(rng, plan.surface)
    view = sample_viewpoint(rng, width, height, ground.floor == 0.0)
    models = [sample_object(rng, category, ground.floor == 0.0) for category in plan.categories]
    interaction = _interaction(rng, plan, models[: plan.touched], ground, view)
    if interaction is None:
        return None
    objects, hands = interaction
    clearing = Clearing(ground, view, objects, [dressed.hand for dressed in hands])
    for model in models[plan.touched :]:
        placed = clearing.add_object(rng, model)
        if placed is None:
            return None
        objects.append(placed)
    props = clearing.sample_props(rng)
    return Scene(view, ground, furnish(rng, ground), tuple(objects), tuple(hands), props, sample_lighting(rng))


def _interaction(
    rng: Generator, plan: Plan, models: Sequence[ObjectModel], ground: Ground, view: Viewpoint
) -> tuple[list[PlacedObject], list[DressedHand]] | None:
    """Return the touched objects and all hands, or None if that fails time and again."""
    for _ in range(_TRIES):
        objects: list[PlacedObject] = []
        for k, model in enumerate(models):
            placed = place_touched(rng, model, plan.touched_by(k), ground, view, objects)
            if placed is not None:
                objects.append(placed)
        hands = place_hands(rng, plan, objects, view) if len(objects) == len(models) else None
        if hands is not None:
            return objects, hands
    return None
