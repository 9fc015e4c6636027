"""Dense maps that are read from the fine features: depth, labels, contact."""

from __future__ import annotations

from torch import Tensor, nn

from .configuration_annexe import AnnexeConfig


class AnnexeDenseHeads(nn.Module):
    """Depth decoder (the paper's L_dep) and, ours, maps of labels and of contact, read from the fine features."""

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.depth = nn.Conv2d(config.pixel_channels, 1, 1)
        self.labels = nn.Conv2d(config.pixel_channels, 1 + len(config.labels), 1)
        self.contact = nn.Conv2d(config.pixel_channels, 2, 1)

    def forward(self, fine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return depth (B, h, w), label logits (B, 1 + labels, h, w) and contact logits (B, 2, h, w)."""
        return self.depth(fine).squeeze(1).sigmoid(), self.labels(fine), self.contact(fine)
