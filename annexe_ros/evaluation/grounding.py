"""Grounding and depth metrics in numpy, each under its own name.

The foreground of a query is the union of its targets. The paper's code averages, over the labels that the ground truth
of one image has, background included, the IoU of the label map, and calls that cIoU; here it is ``authors_iou``. What
the field calls cIoU (cumulative intersection over cumulative union) and gIoU (mean of the samples' IoU) keep these
names. This module knows arrays only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """How one query's predicted masks lie on its true ones.

    Attributes:
        intersection, union: of the foregrounds [pixels].
        target_ious: IoU per true target, by slot; a slot without prediction counts 0.
        authors_iou: mean IoU over background and true targets, of the label maps.
    """

    intersection: int
    union: int
    target_ious: tuple[float, ...]
    authors_iou: float

    @property
    def iou(self) -> float:
        """IoU of the foregrounds; 1 where both are empty."""
        return ratio(self.intersection, self.union)


def ratio(intersection: int, union: int) -> float:
    """Return intersection over union; 1 where there is nothing and nothing was found."""
    return intersection / union if union else 1.0


def iou(predicted: Mask, true: Mask) -> float:
    """Return the IoU of two masks (H, W); 1 where both are empty."""
    return ratio(int((predicted & true).sum()), int((predicted | true).sum()))


def overlap(predicted: Sequence[Mask], true: Sequence[Mask], size: tuple[int, int]) -> Overlap:
    """Compare a query's masks (H, W) slot by slot; either side may have none. ``size`` is (H, W)."""
    found, wanted = label_map(predicted, size), label_map(true, size)
    foreground = (found > 0, wanted > 0)
    empty = np.zeros(size, dtype=bool)
    padded = [*predicted, *[empty] * len(true)]
    present = [label for label in range(len(true) + 1) if (wanted == label).any()]
    return Overlap(
        intersection=int((foreground[0] & foreground[1]).sum()),
        union=int((foreground[0] | foreground[1]).sum()),
        target_ious=tuple(iou(padded[slot], mask) for slot, mask in enumerate(true)),
        authors_iou=float(np.mean([iou(found == label, wanted == label) for label in present])),
    )


def label_map(masks: Sequence[Mask], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return (H, W) uint8 with 0 = background and k + 1 = slot k; where masks overlap the earlier slot wins."""
    labels = np.zeros(size, dtype=np.uint8)
    for slot in reversed(range(len(masks))):
        labels[masks[slot]] = slot + 1
    return labels


def ciou(overlaps: Sequence[Overlap]) -> float | None:
    """Return cumulative intersection over cumulative union; None where no query has a target.

    Without targets nothing can be hit, and one invented pixel in thousands of queries would make it 0.
    """
    if not any(item.target_ious for item in overlaps):
        return None
    return ratio(sum(item.intersection for item in overlaps), sum(item.union for item in overlaps))


def giou(overlaps: Sequence[Overlap]) -> float:
    """Return the mean IoU of the queries; an empty prediction for an empty target counts 1."""
    return float(np.mean([item.iou for item in overlaps]))


def per_target_iou(overlaps: Sequence[Overlap]) -> float | None:
    """Return the mean IoU of all true targets; None where no query has one."""
    values = [value for item in overlaps for value in item.target_ious]
    return float(np.mean(values)) if values else None


def authors_iou(overlaps: Sequence[Overlap]) -> float:
    """Return the mean over queries of what the authors' code measures."""
    return float(np.mean([item.authors_iou for item in overlaps]))


def depth_error(estimated: NDArray[np.float32], true: NDArray[np.float32]) -> float | None:
    """Return the mean absolute error of relative depth, both scaled to 0..1 over the pixels with known true depth.

    Args:
        estimated: (H, W), any scale, growing with distance.
        true: (H, W) [m], NaN where unknown.

    Returns None where fewer than two depths are known or all are equal.
    """
    known = np.isfinite(true)
    if not known.any() or np.ptp(true[known]) == 0:
        return None
    return float(np.abs(_relative(estimated[known]) - _relative(true[known])).mean())


def _relative(values: NDArray[np.float32]) -> NDArray[np.float64]:
    span = float(np.ptp(values))
    return (values - values.min()) / span if span else np.zeros(values.shape)
