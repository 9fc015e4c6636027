"""What lies around a gaze point, from an engine that names everything in view: a first look, and a nearer one.

The nearer look shows small things with more pixels; what they are is better told from what is around them, hence a
thing that both looks find keeps the first one's name. Which questions are asked isn't known here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annexe_ros.core import Frame, GroundedObject, Interpretation, Progress, StageLatency, Surveyor
from annexe_ros.core.contact import HAND_OF
from annexe_ros.core.gaze import LOOK_NEARER, GazeReading, GazeView, Point, object_under_gaze, view_around

SMALL = 0.005
"""What covers less of a view than that is looked at from nearer, as is a place where nothing was found."""
NEARER = 1 / 2
"""Sides of the nearer view, relative to the first one's."""


def surveyed(
    engine: Surveyor, frame: Frame, point: Point, fraction: float, progress: Progress, *, want_analysis: bool
) -> Interpretation:
    """Return what is in the part of a frame around a point of it, ``fraction`` of its sides long, in the full frame.

    The description is always of the full frame.
    """
    gaze = GazeReading(point)
    view = view_around(frame, gaze, fraction)
    reply = _first_look(engine, frame, view, progress, want_analysis=want_analysis)
    found = object_under_gaze(reply, point)
    if found is not None and not _is_small(reply, found, view):
        return reply
    nearer = view_around(frame, gaze, fraction * NEARER)
    closer = nearer.restored(engine.survey(nearer.frame, progress, want_analysis=False))
    revised = _revised(reply, found, closer, object_under_gaze(closer, point))
    return replace(revised, latencies=(*reply.latencies, nearer_look(closer)))


def nearer_look(closer: Interpretation) -> StageLatency:
    """Return how long all stages of a second look took, as one: each of them has been in the first."""
    return StageLatency(LOOK_NEARER, sum(latency.ms for latency in closer.latencies))


def _first_look(
    engine: Surveyor, frame: Frame, view: GazeView, progress: Progress, *, want_analysis: bool
) -> Interpretation:
    is_whole = view.frame is frame
    reply = view.restored(engine.survey(view.frame, progress, want_analysis=want_analysis and is_whole))
    if is_whole or not want_analysis:
        return reply
    described = engine.survey(frame, progress, want_analysis=True)
    return replace(reply, analysis=described.analysis, latencies=(*described.latencies, *reply.latencies))


def _is_small(reply: Interpretation, found: GroundedObject, view: GazeView) -> bool:
    return bool(reply.mask(found).sum() < SMALL * view.frame.width * view.frame.height)


def _revised(
    reply: Interpretation, found: GroundedObject | None, closer: Interpretation, seen: GroundedObject | None
) -> Interpretation:
    """Return the first look, where ``found``, with what was ``seen`` there from nearer; hands are not taken for things.

    Masks are the nearer look's, names and touches the first one's where it has any.
    """
    if seen is None or (found is not None and _is_hand(found) != _is_hand(seen)):
        return reply
    thing = found or replace(seen, mask_value=_free_value(reply))
    labels = np.where(reply.label_image == thing.mask_value, np.uint8(0), reply.label_image)
    labels[closer.mask(seen)] = thing.mask_value
    others = (target for target in reply.objects if target.mask_value != thing.mask_value)
    return replace(reply, objects=(*others, thing), label_image=labels, has_target=True)


def _is_hand(target: GroundedObject) -> bool:
    return target.role in HAND_OF


def _free_value(reply: Interpretation) -> int:
    """Return a value that no object of a reply has; where all are taken the last one, whose object gives way."""
    taken = {target.mask_value for target in reply.objects}
    return next((value for value in range(1, 255) if value not in taken), 255)
