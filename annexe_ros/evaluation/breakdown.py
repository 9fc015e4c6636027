"""The same figures by kind of query, by what is asked for, and by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from annexe_ros.core import Role, role_of
from annexe_ros.data.ego_irgbench import Kind
from annexe_ros.data.scenes import strangers
from annexe_ros.evaluation import grounding

if TYPE_CHECKING:
    from annexe_ros.evaluation.report import QueryRow

SUBJECTS = ("hands", "objects", "hands and objects")
STRANGERS = "strangers"
"""Group of the queries without targets that name a thing which no generated scene has."""

_NAMES_A_STRANGER = re.compile(rf"\b({'|'.join(strangers.NAMES)})\b")


def breakdown(rows: Sequence[QueryRow]) -> dict[str, Any]:
    """Return figures of the queries by kind, by subject (those with targets, and strangers) and by target name."""
    return {
        "kind": _grouped(rows, lambda row: row.kind, get_args(Kind)),
        "subject": _grouped(rows, _subject, (*SUBJECTS, STRANGERS)),
        "name": _by_name(rows),
    }


def _subject(row: QueryRow) -> str:
    if not row.targets:
        return STRANGERS if _NAMES_A_STRANGER.search(row.query.lower()) else ""
    hands = [role_of(name) is not Role.OBJECT for name in row.targets]
    return SUBJECTS[0] if all(hands) else SUBJECTS[2] if any(hands) else SUBJECTS[1]


def _grouped(
    rows: Sequence[QueryRow], key: Callable[[QueryRow], str], order: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    groups = {name: [row for row in rows if key(row) == name] for name in order}
    return {name: _figures(group) for name, group in groups.items() if group}


def _figures(rows: Sequence[QueryRow]) -> dict[str, float | None]:
    overlaps = [row.overlap for row in rows]
    return {
        "n": len(rows),
        "exact": float(np.mean([row.exact for row in rows])),
        "indicator": float(np.mean([row.indicator_right for row in rows])),
        "ciou": grounding.ciou(overlaps),
        "giou": grounding.giou(overlaps),
        "per_target_iou": grounding.per_target_iou(overlaps),
    }


def _by_name(rows: Sequence[QueryRow]) -> dict[str, dict[str, float]]:
    """Return, per name of a target, how often it is asked for, named in its slot, and its mean IoU."""
    found: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for row in rows:
        named = row.answer.split(" and ")
        for slot, (name, iou) in enumerate(zip(row.targets, row.overlap.target_ious, strict=False)):
            found[name].append((named[slot : slot + 1] == [name], iou))
    return {
        name: {
            "n": len(pairs),
            "named": float(np.mean([p[0] for p in pairs])),
            "iou": float(np.mean([p[1] for p in pairs])),
        }
        for name, pairs in sorted(found.items())
    }
