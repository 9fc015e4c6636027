"""Measures association without features, and reads questions and segments whichever way they are published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.association.built import build_questions
from annexe_ros.procedures.association.metric import association_accuracy
from annexe_ros.procedures.association.questions import AssociationQuestion, read_association_questions
from annexe_ros.procedures.narrations import Segment, read_association_segments, read_class_segments

CLASS_TABLE = "_valid.csv"
LENGTH_SCALE_S, TIME_SCALE_S = 1.0, 30.0
WIDEST = 2 * np.log(2000.0)
"""What a whole turn stands for, on a logarithmic scale: two times that differ by a factor of 2000 are opposite."""


def evaluate_association(test: Sequence[Path]) -> dict[str, float]:
    """Return ``{ego_to_exo, exo_to_ego, mean, n}`` in per cent of one who knows only when segments begin and end.

    That one picks the choice most like the query in beginning and length; nothing is learnt. ``test`` is what
    ``questions_of`` takes. Raises ``DatasetFormatError``.
    """
    return association_accuracy(questions_of(test), _timing)


def questions_of(files: Sequence[Path]) -> list[AssociationQuestion]:
    """Return the questions of a published ``.json``, or those built from two class tables, ego and exo; at least one.

    Raises ``DatasetFormatError``.
    """
    match files:
        case [questions] if questions.suffix == ".json":
            return read_association_questions(questions)
        case [ego, exo]:
            if built := build_questions(read_class_segments(ego), read_class_segments(exo)):
                return built
            raise DatasetFormatError(ego, f"no segment has a counterpart in {exo} among enough others of its scene")
    raise DatasetFormatError(files[0], "association takes a .json of questions, or the class tables of ego and exo")


def segments_of(table: Path) -> list[Segment]:
    """Return the segments of a training table: narrated ones, or those of a class table (``*_valid.csv``)."""
    return read_class_segments(table) if table.name.endswith(CLASS_TABLE) else read_association_segments(table)


def _timing(segment: Segment) -> NDArray[np.float64]:
    """Return two hands of a clock, so that cosine similarity falls with the difference of the logarithms."""
    length = segment.end - segment.start
    turned = 2 * np.pi * np.log([length + LENGTH_SCALE_S, segment.start + TIME_SCALE_S]) / WIDEST
    return np.concatenate([np.cos(turned), np.sin(turned)])
