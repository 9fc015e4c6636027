"""What a general vision-language model is asked in each step, so that it answers in the language of the house."""

from __future__ import annotations

from collections.abc import Sequence

from annexe_ros.core import Query
from annexe_ros.inference.vlm_sam.language import Speaker, Turn

SYSTEM = (
    "You see one image of a camera worn on a person's head. The hands in view are the wearer's own, unless something "
    "shows otherwise: the left arm comes from the left or from below left, the right arm from the right or from below "
    "right. Say only what can be seen."
)
ANALYSE = (
    "Describe in one sentence what each hand in view is doing with which object, for example: 'The right hand holds a "
    "white mug over the table.' If no hand is in view, say so."
)
ANSWER = (
    "{query}\n\n"
    "Reply with one JSON object and nothing else:\n"
    '{{"answer": the reply in a few words, '
    '"targets": [{{"label": name, "box": [x1, y1, x2, y2]}}, ...], '
    '"hands": [{{"side": "left" or "right", "box": [x1, y1, x2, y2]}}, ...]}}\n'
    '"targets" has what was asked for, at most {most}, each once: a hand is called "left hand" or "right hand", '
    'anything else by {names}. If nothing in the image is what was asked for, "targets" is []. '
    '"hands" has every hand in view, asked for or not; a box goes around hand and bare forearm. '
    "{coordinates} The left upper corner is 0, 0, and x1 < x2, y1 < y2."
)
GAZE = " The wearer looks at the point [{x}, {y}] of the image."
REPAIR = "That can't be used: {why}. Send the whole JSON object again, corrected, and nothing else."


def analysis_turns() -> list[Turn]:
    """Return what opens the first step."""
    return [Turn(Speaker.SYSTEM, SYSTEM), Turn(Speaker.USER, ANALYSE)]


def answer_turns(
    query: Query,
    analysis: str,
    extent: tuple[float, float],
    frame_size: tuple[int, int],
    vocabulary: Sequence[str],
    most: int,
) -> list[Turn]:
    """Return what opens the second step.

    Args:
        query: what is asked.
        analysis: what the first step said; empty: it was skipped.
        extent: what x and y are counted up to.
        frame_size: (width, height) of the frame, which the query's gaze refers to.
        vocabulary: names that may be used; empty: any.
        most: number of targets that may be named.
    """
    before = [*analysis_turns(), Turn(Speaker.ASSISTANT, analysis)] if analysis else [Turn(Speaker.SYSTEM, SYSTEM)]
    question = query.text + _gaze(query, extent, frame_size)
    names = f"one of these names: {', '.join(vocabulary)}" if vocabulary else "its plain name, without colour"
    text = ANSWER.format(query=question, most=most, names=names, coordinates=_coordinates(extent))
    return [*before, Turn(Speaker.USER, text)]


def repair_turns(turns: Sequence[Turn], reply: str, why: str) -> list[Turn]:
    """Return the conversation that asks once more after a reply that couldn't be read."""
    return [*turns, Turn(Speaker.ASSISTANT, reply), Turn(Speaker.USER, REPAIR.format(why=why))]


def _coordinates(extent: tuple[float, float]) -> str:
    x, y = extent
    return f"Coordinates are whole numbers; x goes from 0 to {x:.0f} and y from 0 to {y:.0f}."


def _gaze(query: Query, extent: tuple[float, float], frame_size: tuple[int, int]) -> str:
    if query.gaze is None:
        return ""
    x, y = (place * most / size for place, most, size in zip(query.gaze, extent, frame_size, strict=True))
    return GAZE.format(x=round(x), y=round(y))
