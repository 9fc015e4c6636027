"""A dual encoder for cross-view association on segment features: one tower for video of both views, one for text.

Views are never paired in training; what a segment of either view is said to show brings them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

MAX_LOG_SCALE = 4.6052
"""Logarithm of 100, as in CLIP."""
START_TEMPERATURE = 0.07


@dataclass(frozen=True)
class DualEncoderSettings:
    """Sizes and training; embedding size, temperature and batch as in the published baseline."""

    video_width: int = 768
    text_width: int = 768
    hidden: int = 512
    width: int = 256
    epochs: int = 5
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.01


class DualEncoder(nn.Module):
    """Pooled video features (B, Dv) and text features (B, Dt) to unit vectors (B, E)."""

    def __init__(self, settings: DualEncoderSettings) -> None:
        super().__init__()
        self.settings = s = settings
        self.video = nn.Sequential(nn.Linear(s.video_width, s.hidden), nn.ReLU(), nn.Linear(s.hidden, s.width))
        self.text = nn.Sequential(nn.Linear(s.text_width, s.hidden), nn.ReLU(), nn.Linear(s.hidden, s.width))
        self.log_scale = nn.Parameter(torch.tensor(-float(np.log(START_TEMPERATURE))))

    def forward(self, video: Tensor, text: Tensor) -> Tensor:
        """Return the scaled similarities (B, B) of videos (rows) and texts."""
        a, b = (functional.normalize(tower(x), dim=1) for tower, x in ((self.video, video), (self.text, text)))
        return self.log_scale.clamp(0, MAX_LOG_SCALE).exp() * a @ b.T

    @torch.inference_mode()
    def embed(self, video: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embeddings (N, E) of pooled video features (N, Dv)."""
        seen = torch.from_numpy(video).to(self.log_scale.device)
        return functional.normalize(self.eval().video(seen), dim=1).cpu().numpy()


def contrastive_loss(similarities: Tensor) -> Tensor:
    """Return the mean of both directions' cross entropy; the diagonal of (B, B) are the pairs."""
    own = torch.arange(len(similarities), device=similarities.device)
    return (functional.cross_entropy(similarities, own) + functional.cross_entropy(similarities.T, own)) / 2


def train_dual_encoder(
    video: NDArray[np.float32],
    text: NDArray[np.float32],
    settings: DualEncoderSettings,
    seed: int = 0,
    device: str = "cpu",
) -> DualEncoder:
    """Return an encoder trained on pooled features (N, Dv) of segments and those (N, Dt) of their narrations."""
    torch.manual_seed(seed)
    model = DualEncoder(settings).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    videos, texts = torch.from_numpy(video).to(device), torch.from_numpy(text).to(device)
    for _ in range(settings.epochs):
        model.train()
        for batch in torch.randperm(len(videos)).split(settings.batch):
            loss = contrastive_loss(model(videos[batch], texts[batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model


def pooled_segment(features: NDArray[np.float32], rate_hz: float, start: float, end: float) -> NDArray[np.float32]:
    """Return the mean (D,) of a video's features (T, D) over a segment [s] of at least one second."""
    first = min(int(start * rate_hz), len(features) - 1)
    last = max(int(np.ceil(max(end, start + 1) * rate_hz)), first + 1)
    return features[first:last].mean(axis=0)
