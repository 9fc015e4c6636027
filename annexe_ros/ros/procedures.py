"""Steps, forecasts and places in demonstrations to their messages."""

from __future__ import annotations

from typing import Any

from std_msgs.msg import Header

from annexe_ros import msg
from annexe_ros.core.procedure import DemonstrationPlace, StepEstimate, StepForecast, ViewedWindow
from annexe_ros.ros.stamps import stamp_message


def step_message(step: StepEstimate) -> msg.ProcedureStep:
    """Return the message of the step that is being done."""
    return msg.ProcedureStep(
        **_window_fields(step.window),
        step_id=step.step_id,
        label=step.label,
        score=step.score,
        since=stamp_message(step.since_ns),
        model=step.model,
    )


def forecast_message(forecast: StepForecast) -> msg.ProcedureForecast:
    """Return the message of what comes next."""
    return msg.ProcedureForecast(
        **_window_fields(forecast.after.window),
        step_ids=[candidate.step_id for candidate in forecast.candidates],
        labels=[candidate.label for candidate in forecast.candidates],
        probabilities=[candidate.probability for candidate in forecast.candidates],
        lead_times=[candidate.lead_time_s for candidate in forecast.candidates],
        after_step_id=forecast.after.step_id,
        score=forecast.after.score,
        model=forecast.after.model,
    )


def place_message(place: DemonstrationPlace) -> msg.DemonstrationPlace:
    """Return the message of the place in a demonstration."""
    return msg.DemonstrationPlace(
        **_window_fields(place.window),
        demonstration=place.demonstration,
        step_number=place.step_number,
        step_count=place.step_count,
        label=place.label,
        position=place.position_s,
        score=place.score,
        similarity=place.similarity,
        text=place.text,
        model=place.model,
    )


def _window_fields(window: ViewedWindow) -> dict[str, Any]:
    """Return the fields that all three have: a header that is that of the window's last image, and its bounds."""
    end = stamp_message(window.end_ns)
    return {
        "header": Header(stamp=end, frame_id=window.frame_id),
        "window_start": stamp_message(window.start_ns),
        "window_end": end,
    }
