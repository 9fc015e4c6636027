"""Whether instances whose pixels are given get their right name: what a model sees, apart from what is asked of it.

A name that is wrong here can't come right in an answer but by luck. Names and masks only; who names them isn't known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Role, role_of
from annexe_ros.data.ego_irgbench import Record, instance_names
from annexe_ros.data.scenes.truth import SceneTruth
from annexe_ros.evaluation.intervals import Ratio

AREAS = (0.1, 0.25, 0.7, 2.0)
"""Bounds between classes of an object's size [% of the image]."""


@dataclass(frozen=True)
class NamedInstance:
    """One instance and what it was called.

    Attributes:
        image_id: where it is.
        label, named: its right name, and the one it got; None where it got none.
        area: of its visible pixels [% of the image].
        touched: whether a hand touches it; None where nobody knows.
    """

    image_id: str
    label: str
    named: str | None
    area: float
    touched: bool | None

    @property
    def right(self) -> bool:
        """Whether it got its name."""
        return self.named == self.label

    @property
    def is_object(self) -> bool:
        """Whether it is no hand."""
        return role_of(self.label) is Role.OBJECT


def named_instances(
    image_id: str,
    mask: NDArray[np.uint8],
    records: Sequence[Record],
    truth: SceneTruth | None,
    names: Mapping[int, str],
) -> tuple[NamedInstance, ...]:
    """Return the instances in view of a mask (H, W) whose right name is known, with the ``names`` that they got."""
    pixels = np.bincount(mask.ravel(), minlength=256)
    touched = None if truth is None else {item.index for item in truth.instances if item.touched_by}
    return tuple(
        NamedInstance(
            image_id=image_id,
            label=label,
            named=names.get(value),
            area=100 * float(pixels[value]) / mask.size,
            touched=None if touched is None else value in touched,
        )
        for value, label in instance_names(records, truth).items()
        if pixels[value]
    )


def shares(instances: Sequence[NamedInstance]) -> dict[str, Ratio]:
    """Return the share that got the right name: of all, hands, objects and objects that a hand touches."""
    groups = {
        "all": instances,
        "hands": [item for item in instances if not item.is_object],
        "objects": [item for item in instances if item.is_object],
        "touched": [item for item in instances if item.is_object and item.touched],
    }
    return {name: Ratio.of([i.image_id for i in of], [i.right for i in of]) for name, of in groups.items()}


def by_area(instances: Sequence[NamedInstance]) -> dict[str, dict[str, float]]:
    """Return ``{n, right}`` of the objects by size, small ones first: how many, and the share that got their name."""
    limits = zip((0.0, *AREAS), (*AREAS, 100.0), strict=True)
    classes = {(low, high): [i for i in instances if i.is_object and low < i.area <= high] for low, high in limits}
    return {
        f"{low:g} to {high:g} %": {"n": len(of), "right": float(np.mean([item.right for item in of]))}
        for (low, high), of in classes.items()
        if of
    }
