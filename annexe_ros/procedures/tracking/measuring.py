"""How well recordings are followed whose steps are known: the step, the one to come, the place in a demonstration.

Windows come as a live camera's do, each recording from its beginning; how features are made isn't known here. Steps are
compared by name: recordings of other people may number theirs otherwise, and have some that the tracker doesn't know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from annexe_ros.core.event import NANOSECONDS
from annexe_ros.core.procedure import StepEstimate, StepForecast, ViewedWindow
from annexe_ros.procedures.segmentation.steps import BACKGROUND
from annexe_ros.procedures.tracking.demonstration import DemonstrationFollower
from annexe_ros.procedures.tracking.tracker import StepTracker, TrackerModel
from annexe_ros.procedures.tracking.training import Rehearsal


def measured(model: TrackerModel, held_out: Sequence[Rehearsal]) -> dict[str, float]:
    """Return ``{accuracy, commonest, next_step, n}`` over all windows of recordings that a tracker is shown live.

    ``commonest`` is the accuracy of always naming the commonest step. ``next_step`` is the share of windows before the
    last step after which the most probable candidate is what came. A step that the tracker doesn't know is never right.
    """
    right, foreseen = list[bool](), list[bool]()
    commonest = max(Counter(name for one in held_out for name in one.names).values())
    for one in held_out:
        for name, coming, step, forecast in followed(model, one):
            right.append(step.label == name)
            if coming is not None:
                foreseen.append(bool(forecast.candidates) and forecast.candidates[0].label == coming)
    figures = {"accuracy": _share(right), "commonest": commonest / len(right), "next_step": _share(foreseen)}
    return {**figures, "n": len(right)}


def places_measured(model: TrackerModel, held_out: Sequence[Rehearsal], shown: Rehearsal) -> dict[str, float]:
    """Return ``{place, place_by_view}`` over all windows in which a step is done.

    They are the shares of windows that a follower, with and without the tracker's step, puts where the demonstration
    ``shown`` does a step of the true name.
    """
    told = [place for one in held_out for place in _places(model, one, shown)]
    return {"place": _share(place for place, _ in told), "place_by_view": _share(place for _, place in told)}


def followed(model: TrackerModel, one: Rehearsal) -> Iterator[tuple[str, str | None, StepEstimate, StepForecast]]:
    """Yield, window by window, the names of the true step and of the one to come, and what the tracker says of them."""
    tracker = StepTracker(model)
    for name, end_s, feature in zip(one.names, one.windows.ends_s, one.windows.features, strict=True):
        end_ns = round(end_s * NANOSECONDS)
        coming = next((other.label for other in one.steps if other.start_s >= end_s), None)
        yield name, coming, *tracker.update(feature, ViewedWindow(end_ns, end_ns))


def _places(model: TrackerModel, one: Rehearsal, shown: Rehearsal) -> Iterator[tuple[bool, bool]]:
    """Yield, per window in which a step is done, whether the place is right, and whether it is by the view alone."""
    demonstration, stride_s = shown.as_demonstration(), model.config.stride_s
    with_step, alone = (DemonstrationFollower(demonstration, stride_s) for _ in range(2))
    for feature, (name, _, step, _) in zip(one.windows.features, followed(model, one), strict=True):
        told = with_step.update(feature, step.window, step), alone.update(feature, step.window)
        if name != BACKGROUND:
            by_step, by_view = (place.label == name for place in told)
            yield by_step, by_view


def _share(right: Iterable[bool]) -> float:
    judged = list(right)
    return float(np.mean(judged)) if judged else 0.0
