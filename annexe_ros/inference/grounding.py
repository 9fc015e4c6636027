"""From mask logits to grounded objects: masks, scores, and who touches what.

Scores are means over the cells of the maps whose middles lie in a mask: there is no more to know between them. It knows
arrays and tensors, no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from annexe_ros.core import GroundedObject, Hands, Role, role_of
from annexe_ros.core.interpretation import Windows
from annexe_ros.inference.masks import cells_of, label_image, members
from annexe_ros.inference.things import told_apart, without_specks

TOUCHED = 0.5
"""Mean of the contact map over a mask from which on it is touched."""
TOUCHED_PERCENTILE = 90.0
"""Of the contact map over a whole object; its mean misses a hand that covers a small part of a large one."""
_SEAM = 2
"""Pixels of background that may lie between the parts of one thing."""

Objects = tuple[GroundedObject, ...]


def ground(
    targets: Sequence[GroundedObject], logits: Tensor, contact: Tensor | None, size: tuple[int, int]
) -> tuple[Objects, Windows]:
    """Return the targets with masks, and the label image (H, W) of that ``size`` with the masks' windows.

    Args:
        targets: with the probability that there is any as their score; it is multiplied by that of the mask.
        logits: (S, h, w), a map for each target; the background's logit is 0.
        contact: (2, h, w) probability of touching the left and the right hand; None: unknown.
        size: of the frame (rows, columns).
    """
    names = [target.label for target in targets]
    windows = Windows(tidied(label_image(logits, size), names))
    return _grounded(targets, windows, logits, range(len(targets)), contact), windows


def named_in(
    logits: Tensor, names: Sequence[str], contact: Tensor | None, size: tuple[int, int]
) -> tuple[Objects, Windows]:
    """Return an object per thing that can be seen, and the label image (H, W) of that ``size`` with their windows.

    Args:
        logits: (1 + names, h, w): the background's, then a map for each name.
        names: in channel order.
        contact: as in ``ground``.
        size: of the frame (rows, columns).
    """
    seen = [int(channel) for channel in logits.argmax(0).unique() if channel]
    maps, called = logits[seen] - logits[:1], [names[channel - 1] for channel in seen]
    labels, said = told_apart(label_image(maps, size), called, least=_pixels_per_cell(logits, size))
    targets = [GroundedObject(name, 0, 1.0, role_of(name)) for name in said]
    windows = Windows(labels)
    objects = _grounded(targets, windows, maps, [called.index(name) for name in said], None)
    if contact is None:
        return objects, windows
    touching = contact.cpu().numpy()
    cells = cells_of(labels, (touching.shape[1], touching.shape[2]))
    return tuple(_touched_somewhere(target, touching[:, cells == target.mask_value]) for target in objects), windows


def names_under(instances: NDArray[np.uint8], logits: Tensor, names: Sequence[str]) -> dict[int, str]:
    """Return, per value of ``instances`` (H, W) but 0, the name most likely of all its cells together.

    ``logits`` (1 + names, h, w) are as in ``named_in``. An instance between the middles of cells gets no name.
    """
    if not names:
        return {}
    likely = logits.log_softmax(0)[1:].cpu().numpy()
    cells = cells_of(instances, (likely.shape[1], likely.shape[2]))
    return {int(value): names[int(likely[:, cells == value].sum(1).argmax())] for value in np.unique(cells) if value}


def tidied(labels: NDArray[np.uint8], names: Sequence[str]) -> NDArray[np.uint8]:
    """Return labels (H, W), 1 for ``names[0]``, as an answer shows them: echoes joined, specks left out."""
    return without_specks(joined_echoes(labels, names), names)


def joined_echoes(labels: NDArray[np.uint8], names: Sequence[str]) -> NDArray[np.uint8]:
    """Return labels (H, W), 1 for ``names[0]``, with what is one thing under two values brought under the first one.

    A name that was said twice may be two things, which lie apart, or one that two slots have shared among them.
    """
    for value, name in enumerate(names, start=1):
        first = names.index(name) + 1
        if first < value and _touch(labels == first, labels == value):
            labels = np.where(labels == value, np.uint8(first), labels)
    return labels


def _touch(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """Return whether no more than ``_SEAM`` pixels lie between two masks (H, W)."""
    width = 2 * (_SEAM + 1) + 1
    around = cv2.dilate(one.astype(np.uint8), np.ones((width, width), np.uint8))
    return bool((around.astype(bool) & other).any())


def without_echoes(objects: Objects) -> Objects:
    """Leave out names that were said again and have no pixels of their own."""
    said = [target.label for target in objects]
    return tuple(o for k, o in enumerate(objects) if o.mask_value or o.label not in said[:k])


def _grounded(
    targets: Sequence[GroundedObject],
    windows: Windows,
    logits: Tensor,
    channels: Sequence[int],
    contact: Tensor | None,
) -> Objects:
    """Describe targets by the pixels of their labels, 1 for the first, and by those of the maps that say so."""
    probability = functional.pad(logits, (0, 0, 0, 0, 1, 0)).softmax(0).amax(0).cpu().numpy()
    cells, maps = cells_of(windows.labels, probability.shape), logits.cpu().numpy()
    touching = None if contact is None else contact.cpu().numpy()
    return tuple(
        _with_mask(target, value, members(value, cells, maps[channel]), probability, touching)
        if windows.around(value)
        else replace(target, score=0.0)
        for value, (target, channel) in enumerate(zip(targets, channels, strict=True), start=1)
    )


def _pixels_per_cell(logits: Tensor, size: tuple[int, int]) -> float:
    return size[0] * size[1] / (logits.shape[1] * logits.shape[2])


def _with_mask(
    target: GroundedObject,
    value: int,
    cells: NDArray[np.bool_],
    probability: NDArray[np.float32],
    contact: NDArray[np.float32] | None,
) -> GroundedObject:
    """Describe a target by its cells (h, w) in the winners' probability (h, w) and the contact maps (2, h, w)."""
    hands = Hands.NONE if contact is None else _touching(contact[:, cells])
    return replace(
        target,
        mask_value=value,
        score=float(probability[cells].mean()) * target.score,
        active=bool(hands),
        touched_by=hands if target.role is Role.OBJECT else Hands.NONE,
    )


def _touched_somewhere(target: GroundedObject, contact: NDArray[np.float32]) -> GroundedObject:
    """Tell who touches a target with these probabilities (2, cells): a tenth of its cells suffices.

    What is looked at lies about as a whole, and a hand may be on a small part of it; an answer's mask may be that part.
    """
    if not contact.size:
        return target
    left, right = np.percentile(contact, TOUCHED_PERCENTILE, axis=1) >= TOUCHED
    hands = (Hands.LEFT if left else Hands.NONE) | (Hands.RIGHT if right else Hands.NONE)
    return replace(target, active=bool(hands), touched_by=hands if target.role is Role.OBJECT else Hands.NONE)


def _touching(contact: NDArray[np.float32]) -> Hands:
    """Return the hands that touch cells with these probabilities (2, cells)."""
    left, right = contact.mean(1) >= TOUCHED
    return (Hands.LEFT if left else Hands.NONE) | (Hands.RIGHT if right else Hands.NONE)
