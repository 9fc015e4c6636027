"""How cost grows with the image's size, the number of targets, the length of the question, callers and cameras."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median

import numpy as np
from numpy.typing import NDArray

from annexe_ros.benchmark.pairs import elapsed_ms, median_ms
from annexe_ros.benchmark.throughput import queries_per_s
from annexe_ros.benchmark.views import QUESTIONS, fresh, queries, scaled
from annexe_ros.core import Frame, Interpreter, Query
from annexe_ros.core.query import MAX_QUERY_CHARACTERS

VIEWS = 8
SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
WORDS = (4, 8, 16, 32, 64)
CALLERS = (1, 2, 4, 8, 16)
CAMERAS = (1, 2, 3, 4)
CALLS = 16
REPEATS = 5

Growth = dict[str, dict[str, float]]


def growth(interpreter: Interpreter, images: Sequence[NDArray[np.uint8]]) -> Growth:
    """Return what was measured: what grows -> its value -> cost in the unit that the first name ends with."""
    images = images[:VIEWS]
    return {
        "first_query_by_pixels_ms": {
            f"{width}x{height}": _first_query_ms(interpreter, [scaled(image, (width, height)) for image in images])
            for width, height in SIZES
        },
        "follow_up_by_targets_ms": by_targets(interpreter, images),
        "follow_up_by_words_ms": {
            str(words): _follow_up_ms(interpreter, fresh(images[0]), _question(words)) for words in WORDS
        },
        "queries_by_callers_per_s": {
            str(callers): queries_per_s(interpreter, images, queries(), callers, CALLS) for callers in CALLERS
        },
        "follow_up_by_cameras_ms": {str(count): _by_turns_ms(interpreter, images[:count]) for count in CAMERAS},
    }


def by_targets(interpreter: Interpreter, images: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
    """Return the median time of a query about a frame seen before, by the number of targets it found [ms]."""
    found: dict[int, list[float]] = {}
    for image in images:
        frame = fresh(image)
        for query in queries():
            targets = len(interpreter.interpret(frame, query).objects)
            found.setdefault(targets, []).append(_follow_up_ms(interpreter, frame, query))
    return {str(count): median(found[count]) for count in sorted(found)}


def _first_query_ms(interpreter: Interpreter, images: Sequence[NDArray[np.uint8]]) -> float:
    query = Query(QUESTIONS[0], want_3d=False)
    return median(elapsed_ms(partial(interpreter.interpret, fresh(image), query)) for image in images)


def _follow_up_ms(interpreter: Interpreter, frame: Frame, query: Query) -> float:
    return median_ms(lambda: interpreter.interpret(frame, query), REPEATS)


def _by_turns_ms(interpreter: Interpreter, images: Sequence[NDArray[np.uint8]]) -> float:
    """Return the time of a query that comes from each of several cameras in turns, about a frame seen before."""
    frames, query = [fresh(image) for image in images], Query(QUESTIONS[2], want_3d=False)

    def around() -> None:
        for frame in frames:
            interpreter.interpret(frame, query)

    return median_ms(around, REPEATS) / len(frames)


def _question(words: int) -> Query:
    """Return a question of so many words."""
    text = ("segment the left hand " * words).split()[:words]
    return Query(" ".join(text)[:MAX_QUERY_CHARACTERS], want_3d=False)
