"""Rank-aware attention network (RAAN, Doughty et al., CVPR 2019) on the features of skill clips.

Two branches, one attending to what is better and one to what is worse, and a third that attends to nothing in
particular. A clip's score is the sum of the first two. Scores and attention are trained in turn, batch by batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

UNIFORM, BETTER, WORSE = 0, 1, 2
RANK_MARGIN, DISPARITY_MARGIN, AWARE_MARGIN = 1.0, 0.05, 0.15
DIVERSITY_WEIGHT = 0.1
NOISE = 0.01


@dataclass(frozen=True)
class RaanSettings:
    """Sizes and training of the published baseline."""

    width: int = 1024
    hidden: int = 256
    filters: int = 3
    epochs: int = 2000
    batch: int = 128
    score_rate: float = 1e-4
    attention_rate: float = 1e-5


class Attention(nn.Module):
    """A branch's filters: features (B, T, D) to weights (B, F, T) that sum to 1 over T."""

    def __init__(self, settings: RaanSettings) -> None:
        super().__init__()
        self.filters = nn.ModuleList(
            nn.Sequential(nn.Linear(settings.width, settings.hidden), nn.ReLU(), nn.Linear(settings.hidden, 1))
            for _ in range(settings.filters)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the weights (B, F, T)."""
        return torch.cat([layer(features) for layer in self.filters], dim=2).transpose(1, 2).softmax(dim=2)


class Raan(nn.Module):
    """Features (B, T, D) to the scores of every branch and filter."""

    def __init__(self, settings: RaanSettings) -> None:
        super().__init__()
        self.settings = settings
        self.attention = nn.ModuleList(Attention(settings) for _ in (BETTER, WORSE))
        self.score = nn.ModuleList(nn.Linear(settings.width, 1) for _ in (UNIFORM, BETTER, WORSE))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (B, 3, F), the uniform branch's repeated, and attention (B, 2, F, T) that sums to 1 over T."""
        weights = torch.stack([branch(features) for branch in self.attention], dim=1)
        pooled = weights @ features[:, None]
        uniform = features.mean(dim=1)[:, None].expand(-1, pooled.shape[2], -1)
        parts = (uniform, pooled[:, 0], pooled[:, 1])
        scores = torch.stack([self._squashed(at, part) for at, part in enumerate(parts)], dim=1)
        return scores, weights

    def _squashed(self, branch: int, pooled: Tensor) -> Tensor:
        return 2 * torch.tanh(self.score[branch](pooled)[..., 0])

    @torch.inference_mode()
    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores (N,) of clips (N, T, D)."""
        device = next(self.parameters()).device
        scores, _ = self.eval()(torch.from_numpy(features).to(device))
        return scores.mean(dim=2)[:, [BETTER, WORSE]].sum(dim=1).cpu().numpy()


def raan_loss(better: tuple[Tensor, Tensor], worse: tuple[Tensor, Tensor]) -> Tensor:
    """Return the loss of a batch of pairs from what ``Raan`` says of the better and of the worse clips."""
    (scores, weights), (lower, lower_weights) = better, worse
    gaps = scores - lower
    ranking = functional.relu(RANK_MARGIN - gaps.mean(dim=2)).mean(dim=0).sum()
    uniform = gaps[:, UNIFORM].mean(dim=1, keepdim=True)
    least = gaps[:, [BETTER, WORSE]].min(dim=2).values
    disparity = functional.relu(DISPARITY_MARGIN + uniform - least).mean(dim=0).sum()
    aware_gap = scores[:, BETTER].mean(dim=1) - lower[:, WORSE].mean(dim=1)
    aware = functional.relu(AWARE_MARGIN + uniform[:, 0] - aware_gap).mean()
    diversity = sum((_sameness(each) for each in (weights, lower_weights)), start=scores.new_zeros(()))
    return ranking + disparity + aware + DIVERSITY_WEIGHT * diversity


def train_raan(
    clips: NDArray[np.float32],
    pairs: Sequence[tuple[int, int]],
    settings: RaanSettings,
    seed: int = 0,
    device: str = "cpu",
) -> Raan:
    """Return a network trained on clips (N, T, D) and pairs of their indices, the better one first."""
    torch.manual_seed(seed)
    model, inputs, order = Raan(settings).to(device), torch.from_numpy(clips).to(device), torch.tensor(pairs)
    optimisers = (
        torch.optim.Adam(model.score.parameters(), lr=settings.score_rate),
        torch.optim.Adam(model.attention.parameters(), lr=settings.attention_rate),
    )
    step = 0
    for _ in range(settings.epochs):
        model.train()
        for batch in torch.randperm(len(order)).split(settings.batch):
            noise = torch.randn(1, *inputs.shape[1:]).to(device) * NOISE
            better, worse = (model(inputs[order[batch, side]] + noise) for side in (0, 1))
            model.zero_grad()
            raan_loss(better, worse).backward()
            optimisers[step % 2].step()
            step += 1
    return model


def _sameness(weights: Tensor) -> Tensor:
    """Return how alike the filters (B, 2, F, T) of a branch are: || A A^T - I || in the mean over clips, summed."""
    unlike = weights @ weights.transpose(2, 3) - torch.eye(weights.shape[2], device=weights.device)
    return unlike.flatten(2).norm(dim=2).mean(dim=0).sum()
