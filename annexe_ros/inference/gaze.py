"""An engine that knows where the wearer looks, around one that doesn't.

A question about the gaze becomes questions that any engine understands, or a survey where the engine offers one; which
of the masks is looked at is geometry. An engine that is a server far away gets question and gaze, and this module is at
work over there. Without a usable gaze the answer is about what is in interaction in the full frame, and a note says
why. Other questions are handed on, their gaze only where it lies in the image: some engines tell their model of it. How
an eye tracker works isn't known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    GazeAnswerer,
    GroundedObject,
    Hands,
    Interpretation,
    Interpreter,
    Progress,
    Query,
    Stage,
    Surveyor,
)
from annexe_ros.core.contact import HAND_OF
from annexe_ros.core.gaze import (
    CROPS,
    DEFAULT_CROP,
    GazeReading,
    GazeView,
    HeldGaze,
    Point,
    object_under_gaze,
    reading,
    view_around,
)
from annexe_ros.core.gaze_question import GazeQuestion, gaze_question
from annexe_ros.inference.surveying import nearer_look, surveyed

IN_INTERACTION = "Segment the hands and objects in interaction."
IN_THE_MIDDLE = "Segment the object in the middle of the image."
"""Asked of engines that offer no survey: the first of the view, the second of a part of it, if the first found nothing
where the wearer looks."""
MIDDLE_FRACTION = 1 / 2
NOTHING_HELD: Mapping[str, HeldGaze] = MappingProxyType({})


class GazeInterpreter:
    """An ``Interpreter`` that answers questions about the gaze with the help of another, which remains its owner's.

    Attributes:
        interpreter: the other.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        held: Mapping[str, HeldGaze] = NOTHING_HELD,
        fraction: float = CROPS[DEFAULT_CROP],
    ) -> None:
        """Take the gaze of a camera's frames from ``held``, by its name, where a query brings none.

        Questions about the gaze are asked of the part of the frame around it, ``fraction`` of its sides long.
        """
        self.interpreter, self._held, self._fraction = interpreter, held, fraction

    @property
    def engine(self) -> str:
        """Kind of the engine that looks."""
        return self.interpreter.engine

    @property
    def model(self) -> str:
        """Name of its weights."""
        return self.interpreter.model

    def warm_up(self) -> None:
        """Warm the other up."""
        self.interpreter.warm_up()

    def close(self) -> None:
        """Nothing to give back."""

    def interpret(self, frame: Frame, query: Query, progress: Progress | None = None) -> Interpretation:
        """Answer a query; the reply has the frame's gaze, where it is known."""
        gaze, question, progress = self._gaze(frame, query), gaze_question(query.text), progress or Progress()
        if question is None:
            asked = replace(query, gaze=None) if gaze.point is None else query
            return replace(self.interpreter.interpret(frame, asked, progress), gaze=gaze.point)
        if gaze.point is None:
            reply = self.interpreter.interpret(frame, _asking(query, IN_INTERACTION), progress)
            return replace(reply, notes=(*reply.notes, gaze.note))
        if isinstance(self.interpreter, GazeAnswerer):
            looked = self.interpreter.interpret_gaze(frame, replace(query, gaze=gaze.point), progress)
            return replace(looked, gaze=gaze.point)
        reply = _answer(question, self._look(frame, gaze.point, query, _without_answers(progress)), gaze.point)
        progress.on_text(Stage.ANSWER, reply.answer)
        return reply if query.want_mask else _without_masks(reply)

    def _gaze(self, frame: Frame, query: Query) -> GazeReading:
        held = None if frame.is_given else self._held.get(frame.camera_name)
        if query.gaze is not None or held is None:
            return reading(query.gaze, frame.width, frame.height)
        return held.at(frame.stamp_ns, frame.width, frame.height)

    def _look(self, frame: Frame, point: Point, query: Query, progress: Progress) -> Interpretation:
        """Return a reply that names, where the engine can, what is looked at, with masks in the full frame."""
        if isinstance(self.interpreter, Surveyor):
            wanted = query.want_analysis
            reply = surveyed(self.interpreter, frame, point, self._fraction, progress, want_analysis=wanted)
        else:
            reply = self._asked_about(frame, point, query, progress)
        return replace(reply, gaze=point)

    def _asked_about(self, frame: Frame, point: Point, query: Query, progress: Progress) -> Interpretation:
        """Return what is in interaction around a point; where nothing of that is there, what is in the middle."""
        gaze = GazeReading(point)
        reply = self._ask(view_around(frame, gaze, self._fraction), _asking(query, IN_INTERACTION), progress)
        if object_under_gaze(reply, point) is not None:
            return reply
        narrow = view_around(frame, gaze, min(self._fraction, MIDDLE_FRACTION))
        closer = self._ask(narrow, replace(_asking(query, IN_THE_MIDDLE), want_analysis=False), progress)
        return replace(
            closer,
            analysis=reply.analysis,
            latencies=(*reply.latencies, nearer_look(closer)),
            notes=(*reply.notes, *closer.notes),
        )

    def _ask(self, view: GazeView, query: Query, progress: Progress) -> Interpretation:
        return view.restored(self.interpreter.interpret(view.frame, replace(query, want_mask=True), progress))


def _asking(query: Query, text: str) -> Query:
    return replace(query, text=text, gaze=None)


def _answer(question: GazeQuestion, reply: Interpretation, point: Point) -> Interpretation:
    found = object_under_gaze(reply, point)
    if found is None:
        return _reduced(reply, (), "nothing that the engine names is where the wearer looks")
    if not question.hands:
        return _reduced(reply, (found,))
    if found.role in HAND_OF:
        return _reduced(reply, (), f"the wearer looks at the {found.label}")
    touching = found.touched_by & question.hands
    if not touching:
        return _reduced(reply, (), f"the wearer looks at the {found.label}, and {_no_hand(question.hands)} is on it")
    hands = [item for item in reply.objects if HAND_OF.get(item.role, Hands.NONE) & touching]
    return _reduced(reply, (*hands, found))


def _no_hand(asked: Hands) -> str:
    return {Hands.LEFT: "no left hand", Hands.RIGHT: "no right hand"}.get(asked, "no hand")


def _reduced(reply: Interpretation, targets: Sequence[GroundedObject], *notes: str) -> Interpretation:
    """Return the reply with these of its objects alone, renumbered in their order."""
    numbered = tuple(
        replace(target, mask_value=number if target.mask_value else 0) for number, target in enumerate(targets, start=1)
    )
    values = np.zeros(256, dtype=np.uint8)
    for before, after in zip(targets, numbered, strict=True):
        values[before.mask_value] = after.mask_value
    return replace(
        reply,
        answer=" and ".join(target.label for target in targets) or NO_TARGET_ANSWER,
        has_target=bool(targets),
        target_score=targets[-1].score if targets else 0.0,
        objects=numbered,
        label_image=values[reply.label_image],
        notes=(*reply.notes, *notes),
    )


def _without_masks(reply: Interpretation) -> Interpretation:
    objects = tuple(replace(target, mask_value=0) for target in reply.objects)
    return replace(reply, objects=objects, label_image=np.zeros_like(reply.label_image))


def _without_answers(progress: Progress) -> Progress:
    """Return a progress that passes on all but an engine's answers: they are to other questions."""

    def tell(stage: Stage, text: str) -> None:
        if stage is Stage.ANALYSE:
            progress.on_text(stage, text)

    return replace(progress, on_text=tell) if progress.is_heard else progress
