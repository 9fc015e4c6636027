"""How well recordings are followed whose steps are known: the step, the one to come, the place in a demonstration.

Windows come as a live camera's do, each recording from its beginning; how features are made isn't known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from annexe_ros.core.event import NANOSECONDS
from annexe_ros.core.procedure import BACKGROUND_STEP, StepEstimate, StepForecast, ViewedWindow
from annexe_ros.procedures.tracking.demonstration import DemonstrationFollower
from annexe_ros.procedures.tracking.tracker import StepTracker, TrackerModel
from annexe_ros.procedures.tracking.training import Rehearsal


def measured(model: TrackerModel, held_out: Sequence[Rehearsal]) -> dict[str, float]:
    """Return ``{accuracy, commonest, next_step, n}`` over all windows of recordings that a tracker is shown live.

    ``commonest`` is the accuracy of always naming the commonest step. ``next_step`` is the share of windows before the
    last step after which the most probable candidate is what came.
    """
    right, foreseen = list[bool](), list[bool]()
    commonest = np.bincount(np.concatenate([one.labels for one in held_out])).max()
    for one in held_out:
        for label, coming, step, forecast in followed(model, one):
            right.append(step.step_id == label)
            if coming is not None:
                foreseen.append(bool(forecast.candidates) and forecast.candidates[0].step_id == coming)
    figures = {"accuracy": _share(right), "commonest": float(commonest / len(right)), "next_step": _share(foreseen)}
    return {**figures, "n": len(right)}


def places_measured(model: TrackerModel, held_out: Sequence[Rehearsal], shown: Rehearsal) -> dict[str, float]:
    """Return ``{place, place_by_view}`` over all windows in which a step is done.

    They are the shares of windows that a follower, with and without the tracker's step, puts where the demonstration
    ``shown`` does a step of the true name.
    """
    told = [place for one in held_out for place in _places(model, one, shown)]
    return {"place": _share(place for place, _ in told), "place_by_view": _share(place for _, place in told)}


def followed(model: TrackerModel, one: Rehearsal) -> Iterator[tuple[int, int | None, StepEstimate, StepForecast]]:
    """Yield, window by window, the true step and the one to come, and what the tracker says of them."""
    tracker = StepTracker(model)
    for label, end_s, feature in zip(one.labels, one.windows.ends_s, one.windows.features, strict=True):
        end_ns = round(end_s * NANOSECONDS)
        coming = next((other.step_id for other in one.steps if other.start_s >= end_s), None)
        yield int(label), coming, *tracker.update(feature, ViewedWindow(end_ns, end_ns))


def _places(model: TrackerModel, one: Rehearsal, shown: Rehearsal) -> Iterator[tuple[bool, bool]]:
    """Yield, per window in which a step is done, whether the place is right, and whether it is by the view alone."""
    demonstration, stride_s = shown.as_demonstration(), model.config.stride_s
    with_step, alone = (DemonstrationFollower(demonstration, stride_s) for _ in range(2))
    for feature, (label, _, step, _) in zip(one.windows.features, followed(model, one), strict=True):
        told = with_step.update(feature, step.window, step), alone.update(feature, step.window)
        if label != BACKGROUND_STEP:
            by_step, by_view = (place.label == model.config.labels[label] for place in told)
            yield by_step, by_view


def _share(right: Iterable[bool]) -> float:
    judged = list(right)
    return float(np.mean(judged)) if judged else 0.0
