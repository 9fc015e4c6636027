"""The seam between the engine and what finds pixels, and the grounder that takes boxes for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.inference.vlm_sam.reply import Box, NamedBox
from annexe_ros.inference.vlm_sam.settings import DialogueSettings


@dataclass(frozen=True, eq=False)
class Grounded:
    """What was found of a target.

    Attributes:
        mask: its pixels (H, W) bool.
        score: how sure the segmenter is, 0..1.
        arm: of a hand, the pixels (H, W) bool of its arm with the sleeve; None where it wasn't looked for.
    """

    mask: NDArray[np.bool_]
    score: float
    arm: NDArray[np.bool_] | None = None


class Grounder(Protocol):
    """What turns named boxes into pixels."""

    @property
    def exact(self) -> bool:
        """Masks follow outlines, so that their shape tells something."""

    def ground(self, frame: Frame, targets: Sequence[NamedBox], check: Callable[[], None]) -> list[Grounded]:
        """Return the pixels of each target; ``check`` runs between them and raises to stop."""

    def release_device(self) -> None:
        """Give the accelerator's memory back."""

    def claim_device(self) -> None:
        """Undo ``release_device``."""

    def close(self) -> None:
        """Free everything."""


class BoxGrounder:
    """Takes the boxes for the targets."""

    exact = False

    def ground(self, frame: Frame, targets: Sequence[NamedBox], check: Callable[[], None]) -> list[Grounded]:
        """Return full rectangles; a box says nothing of how sure it is."""
        check()
        return [Grounded(filled(target.box, frame), 1.0) for target in targets]

    def release_device(self) -> None:
        """There are no weights."""

    claim_device = close = release_device


def filled(box: Box, frame: Frame) -> NDArray[np.bool_]:
    """Return the pixels (H, W) bool within a box, at least one."""
    left, top, right, bottom = box
    mask = np.zeros(frame.image.shape[:2], dtype=bool)
    x, y = min(int(left), frame.width - 1), min(int(top), frame.height - 1)
    mask[y : max(round(bottom), y + 1), x : max(round(right), x + 1)] = True
    return mask


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (one, other)]
    return common / (sum(areas) - common) if common else 0.0


def grounder_of(settings: DialogueSettings, device: str) -> Grounder:
    """Return the grounder that settings name; without a name that of boxes, which needs no PyTorch.

    Raises ``EngineError`` for the device, and what ``load_sam`` raises.
    """
    if not settings.grounder:
        return BoxGrounder()
    from annexe_ros.inference.placement import device_named
    from annexe_ros.inference.vlm_sam.sam import load_sam

    return load_sam(settings.grounder, device_named(device), settings.mask_threshold, settings.instance_threshold)
