"""Anticipation from features: a multi-scale temporal relation network (TRN, Zhou et al., ECCV 2018) over five frames.

The authors train it with a cross entropy against counts of several labels; here that is an option and the default is
binary cross entropy, which is what several labels call for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from annexe_ros.procedures.anticipation.lists import AnticipationRow

FRAMES = 5
SUBSETS = 3
"""Sets of frames per scale."""


@dataclass(frozen=True)
class TrnSettings:
    """Sizes and training of the published baseline; ``exclusive`` takes its cross entropy."""

    classes: int = 31
    width: int = 768
    hidden: int = 512
    dropout: float = 0.5
    epochs: int = 40
    batch: int = 128
    learning_rate: float = 3e-3
    exclusive: bool = False


class RelationNetwork(nn.Module):
    """Features (B, 5, D) to logits (B, C): relations of two, three, four and five frames in order, summed."""

    def __init__(self, settings: TrnSettings) -> None:
        super().__init__()
        self.settings = settings
        self.project = nn.Sequential(
            nn.Linear(settings.width, settings.hidden), nn.ReLU(), nn.Dropout(settings.dropout)
        )
        self.subsets = [_spread(list(itertools.combinations(range(FRAMES), size))) for size in range(2, FRAMES + 1)]
        self.relations = nn.ModuleList(
            nn.Sequential(nn.Linear(size * settings.hidden, settings.hidden), nn.ReLU())
            for size in range(2, FRAMES + 1)
        )
        self.classify = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(settings.hidden, settings.classes))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (B, C)."""
        frames = self.project(features)
        related = frames.new_zeros(len(frames), frames.shape[2])
        for subsets, relation in zip(self.subsets, self.relations, strict=True):
            for subset in subsets:
                related = related + relation(frames[:, list(subset)].flatten(1)) / len(subsets)
        return self.classify(related)

    @torch.inference_mode()
    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (N, C) of contexts (N, 5, D)."""
        device = next(self.parameters()).device
        return self.eval()(torch.from_numpy(features).to(device)).cpu().numpy()


def train_trn(
    contexts: NDArray[np.float32],
    labels: Sequence[Sequence[int]],
    settings: TrnSettings,
    seed: int = 0,
    device: str = "cpu",
) -> RelationNetwork:
    """Return a network trained on contexts (N, 5, D) and the labels of each."""
    torch.manual_seed(seed)
    model = RelationNetwork(settings).to(device)
    optimiser = torch.optim.SGD(model.parameters(), lr=settings.learning_rate, momentum=0.9, weight_decay=1e-4)
    inputs, targets = torch.from_numpy(contexts).to(device), _multi_hot(labels, settings.classes).to(device)
    for _ in range(settings.epochs):
        model.train()
        for batch in torch.randperm(len(inputs)).split(settings.batch):
            loss = anticipation_loss(model(inputs[batch]), targets[batch], settings.exclusive)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model


def anticipation_loss(logits: Tensor, targets: Tensor, exclusive: bool = False) -> Tensor:
    """Return the loss of logits (B, C) for multi-hot targets (B, C); ``exclusive`` is the authors' cross entropy."""
    if exclusive:
        return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=1).mean()


def context_features(features: NDArray[np.float32], rate_hz: float, row: AnticipationRow) -> NDArray[np.float32] | None:
    """Return the five frames (5, D) of a row's context from a video's features (T, D), linearly interpolated.

    None where the context begins before the video or ends after its features: such rows are to be left out and told.
    """
    first, last = (at * rate_hz for at in row.context)
    if first < 0 or last > len(features) - 1:
        return None
    at = np.linspace(first, last, FRAMES)
    below = np.minimum(at.astype(int), len(features) - 2)
    share = (at - below)[:, None].astype(np.float32)
    return features[below] * (1 - share) + features[below + 1] * share


def _spread(items: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return up to three sets, spread evenly over all: the authors draw them anew each time."""
    return [items[at] for at in np.unique(np.linspace(0, len(items) - 1, SUBSETS).round().astype(int))]


def _multi_hot(labels: Sequence[Sequence[int]], classes: int) -> Tensor:
    targets = torch.zeros(len(labels), classes)
    for row, row_labels in enumerate(labels):
        targets[row, list(row_labels)] = 1
    return targets
