"""MS-TCN (Farha and Gall, CVPR 2019) on features of a whole video, and a causal variant for live use.

A stage is ten layers of dilated convolution with residuals; each further stage refines the class probabilities of the
one before. In the causal variant a frame's output depends on that frame and earlier ones alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

SMOOTHING = 0.15
MAX_STEP = 16.0
"""Weight of the smoothing loss, and where its squared steps of log-probability are cut off."""


Video = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Features (T, D) and labels (T,)."""


class Videos(Protocol):
    """A list of videos, or what reads them when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Video: ...


@dataclass(frozen=True)
class MsTcnSettings:
    """Sizes and training of the published baseline; one video is a batch."""

    width: int = 1024
    classes: int = 28
    maps: int = 64
    layers: int = 10
    stages: int = 4
    dropout: float = 0.5
    causal: bool = False
    epochs: int = 150
    learning_rate: float = 5e-4


class DilatedResidual(nn.Module):
    """x + conv1x1(relu(dilated conv3(x))), maps (B, C, T)."""

    def __init__(self, maps: int, dilation: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.padding = (2 * dilation, 0) if causal else (dilation, dilation)
        self.dilated = nn.Conv1d(maps, maps, 3, dilation=dilation)
        self.mixed = nn.Conv1d(maps, maps, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        inner = functional.relu(self.dilated(functional.pad(maps, self.padding)))
        return maps + self.dropout(self.mixed(inner))


class Stage(nn.Module):
    """Features or probabilities (B, D, T) to logits (B, C, T)."""

    def __init__(self, width: int, settings: MsTcnSettings) -> None:
        super().__init__()
        s = settings
        layers = [DilatedResidual(s.maps, 2**depth, s.dropout, s.causal) for depth in range(s.layers)]
        self.body = nn.Sequential(nn.Conv1d(width, s.maps, 1), *layers, nn.Conv1d(s.maps, s.classes, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits of one stage."""
        return self.body(features)


class MsTcn(nn.Module):
    """All stages; the last one's logits are the answer."""

    def __init__(self, settings: MsTcnSettings) -> None:
        super().__init__()
        self.settings = settings
        refining = [Stage(settings.classes, settings) for _ in range(settings.stages - 1)]
        self.stages = nn.ModuleList([Stage(settings.width, settings), *refining])

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits (S, B, C, T) of every stage for features (B, D, T)."""
        logits = [self.stages[0](features)]
        for stage in self.stages[1:]:
            logits.append(stage(functional.softmax(logits[-1], dim=1)))
        return torch.stack(logits)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @torch.inference_mode()
    def predict(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the labels (T,) of a video's features (T, D)."""
        return self.eval()(_batch(features).to(self.device))[-1, 0].argmax(dim=0).cpu().numpy()


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return cross entropy plus smoothing, summed over the stages of logits (S, B, C, T) for labels (B, T)."""
    loss = logits.new_zeros(())
    for stage in logits:
        logs = functional.log_softmax(stage, dim=1)
        steps = (logs[:, :, 1:] - logs[:, :, :-1].detach()) ** 2
        loss = loss + functional.nll_loss(logs, labels) + SMOOTHING * steps.clamp(max=MAX_STEP).mean()
    return loss


def train_mstcn(videos: Videos, settings: MsTcnSettings, seed: int = 0, device: str = "cpu") -> MsTcn:
    """Return a model trained on videos; what features or labels have too much at a video's end is left out."""
    torch.manual_seed(seed)
    model = MsTcn(settings).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    order = np.random.default_rng(seed)
    for _ in range(settings.epochs):
        model.train()
        for index in order.permutation(len(videos)).tolist():
            features, labels = same_length(*videos[index])
            loss = segmentation_loss(model(_batch(features).to(device)), torch.from_numpy(labels)[None].to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model


def same_length(
    features: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return features (T, D) and labels (T,) without what the longer one has too much at its end."""
    length = min(len(features), len(labels))
    return features[:length], labels[:length]


def _batch(features: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(features.T))[None]
