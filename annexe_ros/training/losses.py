"""The multi-task loss of ANNEXE and three dense terms of ours.

Paper: (L_des + L_ans + 0.5 L_dep + L_cls + 3 L_mask) / 5. Ours are added outside that mean and vanish on data that
lacks their supervision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.core.errors import ParameterError
from annexe_ros.model import AnnexeOutput
from annexe_ros.training.batches import IGNORED, Batch

_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+")
_BACKGROUND_WEIGHT = 0.2
_TOUCHED_WEIGHT = 2.0
_USUAL_CELLS, _LEAST_CELLS = 100.0, 8.0
"""Fine cells of an object of weight 1, and the size below which objects gain no more weight."""


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term; the defaults are the authors', the last three are ours."""

    analysis: float = 1 / 5
    answer: float = 1 / 5
    depth: float = 0.5 / 5
    indicator: float = 1 / 5
    mask: float = 3 / 5
    labels: float = 1.0
    contact: float = 0.5
    colours: float = 0.3

    def changed(self, changes: Sequence[str]) -> LossWeights:
        """Return weights with changes such as "mask=0.3"; raises ``ParameterError`` for anything else."""
        return replace(self, **dict(map(_change, changes)))


def _change(text: str) -> tuple[str, float]:
    names = [field.name for field in fields(LossWeights)]
    name, _, number = text.partition("=")
    if name not in names or not _NUMBER.fullmatch(number):
        raise ParameterError(f"loss weight '{text}' isn't NAME=NUMBER; the names are {', '.join(names)}")
    return name, float(number)


def losses(output: AnnexeOutput, batch: Batch) -> dict[str, Tensor]:
    """Return the terms that the output has something for, a scalar each: only the dense ones without texts."""
    encoding = output.encoding
    dense = {
        "depth": _known_mean((encoding.depth.float() - batch.depth).abs(), batch.depth),
        "labels": _label_loss(encoding.label_logits, batch.label_map, (batch.contact_map > 0).any(1)),
        "contact": _contact_loss(encoding.contact_logits, batch.contact_map, batch.label_map),
    }
    if encoding.colour_logits is not None:
        dense["colours"] = _label_loss(encoding.colour_logits, batch.colour_map)
    if output.logits is None:
        return dense
    return dense | {
        "analysis": _next_token(output.logits[:, :1], batch.labels[:, :1]),
        "answer": _next_token(output.logits[:, 1:], batch.labels[:, 1:]),
        "indicator": _known_binary(output.indicator_logits, batch.has_target),
        "mask": mask_loss(output.mask_logits, batch.slot_occupancy, batch.slot_valid),
    }


def weighted(terms: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """Return the total loss."""
    return torch.stack([term * getattr(weights, name) for name, term in terms.items()]).sum()


def mask_loss(logits: Tensor, occupancy: Tensor, valid: Tensor) -> Tensor:
    """Cross entropy of background and slots per fine cell, plus the Dice loss of each slot.

    Shapes: logits and occupancy (B, Q, S, h, w), valid (B, Q, S). Cells are weighted so that a target's own area counts
    as much as the rest of the image: small objects would vanish in a plain mean.
    """
    asked = valid.any(-1)
    if not bool(asked.any()):
        return logits.sum() * 0
    logits, occupancy, valid = logits[asked].float(), occupancy[asked], valid[asked][..., None, None]
    occupancy = occupancy / occupancy.sum(1, keepdim=True).clamp(min=1)  # slots of one mask value share their cells
    closed = logits.masked_fill(~valid, -1e4)
    scores = torch.cat([torch.zeros_like(closed[:, :1]), closed], dim=1)
    truth = torch.cat([1 - occupancy.sum(1, keepdim=True), occupancy], dim=1)
    entropy = -(truth * scores.log_softmax(1)).sum(1)
    foreground = 1 - truth[:, 0]
    share = foreground.mean((-2, -1), keepdim=True).clamp(1e-3, 0.5)
    weight = foreground * (0.5 / share - 1) + 1
    dice = _dice(scores.softmax(1)[:, 1:], occupancy, valid)
    return (entropy * weight).mean() + dice


def _dice(probability: Tensor, occupancy: Tensor, valid: Tensor) -> Tensor:
    both = (probability * occupancy).sum((-2, -1))
    either = (probability + occupancy).sum((-2, -1))
    score = (2 * both + 1) / (either + 1)
    return 1 - score[valid[..., 0, 0]].mean()


def _next_token(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 2).float(), labels.flatten(), ignore_index=IGNORED)


def _label_loss(logits: Tensor, target: Tensor, touched: Tensor | None = None) -> Tensor:
    """Cross entropy per fine cell of logits (B, 1 + labels, h, w), weighted by ``_cell_weights``.

    Cells of hands and things that touch each other, ``touched`` (B, h, w) bool, count more: questions are about these,
    and a thing in a hand is half hidden.
    """
    weights = _cell_weights(target)
    if touched is not None:
        weights = weights * (1 + (_TOUCHED_WEIGHT - 1) * touched)
    entropy = functional.cross_entropy(logits.float(), target, reduction="none", ignore_index=IGNORED)
    return (entropy * weights).sum() / weights.sum().clamp(min=1e-6)


def _contact_loss(logits: Tensor, target: Tensor, label_map: Tensor) -> Tensor:
    """Binary cross entropy per fine cell of logits (B, 2, h, w), weighted by ``_cell_weights``; NaN isn't known."""
    known = target.isfinite()
    weights = _cell_weights(label_map).unsqueeze(1) * known
    entropy = functional.binary_cross_entropy_with_logits(logits.float(), target.nan_to_num(), reduction="none")
    return (entropy * weights).sum() / weights.sum().clamp(min=1e-6)


def _cell_weights(label_map: Tensor) -> Tensor:
    """Return (B, h, w) weights of cells, so that a name counts by the root of its area in the image.

    In a plain mean one chair outweighs twenty knives, and background, which is easy, fills most of an image. What isn't
    known has no weight.
    """
    known = label_map != IGNORED
    classes = label_map.masked_fill(~known, 0).flatten(1)
    area = torch.zeros(len(classes), int(classes.max()) + 1, device=classes.device)
    area.scatter_add_(1, classes, known.flatten(1).float())
    weight = _USUAL_CELLS**0.5 / area.clamp(min=_LEAST_CELLS).sqrt()
    weight[:, 0] = _BACKGROUND_WEIGHT
    return weight.gather(1, classes).view_as(label_map) * known


def _known_binary(logits: Tensor, target: Tensor) -> Tensor:
    known = target.isfinite()
    entropy = functional.binary_cross_entropy_with_logits(logits.float(), target.nan_to_num(), reduction="none")
    return (entropy * known).sum() / known.sum().clamp(min=1)


def _known_mean(values: Tensor, target: Tensor) -> Tensor:
    known = target.isfinite()
    return values.nan_to_num().masked_fill(~known, 0).sum() / known.sum().clamp(min=1)
