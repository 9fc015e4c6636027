"""How often a gaze point is assigned to what the wearer of a generated scene looks at: by true masks, or by asking."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame, Interpretation, Interpreter, Query, Role
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.core.gaze import LOOK_NEARER, value_under_gaze
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.scenes.gaze import fixation
from annexe_ros.data.scenes.truth import Fixation, Instance, SceneTruth

WHAT = "What am I looking at?"
HAND = "Is the hand on what I look at?"
Follow = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class _Look:
    """A scene, its true mask (H, W), and where its wearer looks."""

    name: str
    truth: SceneTruth
    mask: NDArray[np.uint8]
    gaze: Fixation

    @property
    def target(self) -> Instance:
        return next(item for item in self.truth.instances if item.index == self.gaze.target)


def evaluate_gaze(dataset: EgoIrgBench, count: int, progress: Follow | None = None) -> dict[str, float]:
    """Return ``{right_object, n}`` over the first ``count`` scenes of a data set, with their true masks.

    Scenes of before the gaze was known get one by the same rule. Raises ``DatasetFormatError`` where the images weren't
    generated or a mask is of another size.
    """
    right = [
        value_under_gaze(look.mask, look.gaze.point) == look.gaze.target for look in _looks(dataset, count, progress)
    ]
    return {"right_object": _mean(dataset, right), "n": len(right)}


def evaluate_gaze_answers(
    dataset: EgoIrgBench, interpreter: Interpreter, count: int, progress: Follow | None = None
) -> dict[str, float]:
    """Return ``{right_object, right_name, answered, nearer, right_touch, n}`` of an engine asked about the gaze.

    Right is the object whose true pixels make most of the mask that is answered with, the background included; its name
    counts by itself. ``nearer`` is the share of questions for which the engine looked a second time. ``right_touch`` is
    the share of looks at objects in which it was right whether a hand is on it; it is left out where nobody looks at an
    object. Scenes and errors as in ``evaluate_gaze``.
    """
    rows, touches = list[_Row](), list[bool]()
    for look in _looks(dataset, count, progress):
        frame = Frame(dataset.image(look.name), dataset.depth(look.name), look.truth.camera)
        what = Query(WHAT, want_analysis=False, want_3d=False, gaze=look.gaze.point)
        rows.append(_judged(look, interpreter.interpret(frame, what)))
        if look.target.role is Role.OBJECT:
            answer = interpreter.interpret(frame, replace(what, text=HAND))
            touches.append(answer.has_target == bool(look.target.touched_by))
    figures = {name: _mean(dataset, [getattr(row, name) for row in rows]) for name in _Row._fields}
    touched = {"right_touch": float(np.mean(touches))} if touches else {}
    return {**figures, **touched, "n": len(rows)}


class _Row(NamedTuple):
    """What was right about the reply to one look."""

    right_object: bool
    right_name: bool
    answered: bool
    nearer: bool


def _judged(look: _Look, reply: Interpretation) -> _Row:
    nearer = any(latency.stage == LOOK_NEARER for latency in reply.latencies)
    if not reply.objects:
        return _Row(False, False, False, nearer)
    pixels = look.mask[reply.mask(reply.objects[0])]
    most = int(np.bincount(pixels).argmax()) if pixels.size else 0
    return _Row(most == look.gaze.target, reply.objects[0].label == look.target.label, True, nearer)


def _mean(dataset: EgoIrgBench, right: Sequence[bool]) -> float:
    if not right:
        raise DatasetFormatError(dataset.root, "has no scene with anything in view")
    return float(np.mean(right))


def _looks(dataset: EgoIrgBench, count: int, progress: Follow | None) -> Iterator[_Look]:
    for done, name in enumerate(dataset.ids[:count], start=1):
        truth, mask = dataset.truth(name), dataset.mask(name)
        if truth is None:
            raise DatasetFormatError(dataset.root, f"{name} is not a generated scene")
        if mask.shape != (truth.camera.height, truth.camera.width):
            raise DatasetFormatError(dataset.root / "mask" / f"{name}.png", "isn't of its scene's size")
        gaze = truth.gaze or _drawn(truth, mask)
        if gaze is not None:
            yield _Look(name, truth, mask, gaze)
        if progress is not None:
            progress(done, min(count, len(dataset)))


def _drawn(truth: SceneTruth, mask: NDArray[np.uint8]) -> Fixation | None:
    return fixation(truth, mask, np.random.default_rng(zlib.crc32(truth.id.encode())))
