"""Dense maps that are read from the fine features: depth, labels, contact, colours."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig

DenseMaps = tuple[Tensor, Tensor, Tensor]
"""Depth (B, h, w), label logits (B, 1 + labels, h, w) and contact logits (B, 2, h, w)."""


class AnnexeDenseHeads(nn.Module):
    """Depth decoder (the paper's L_dep) and, ours, maps of labels and of contact, read from the fine features."""

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.depth = nn.Conv2d(config.pixel_channels, 1, 1)
        self.labels = nn.Conv2d(config.pixel_channels, 1 + len(config.labels), 1)
        self.contact = nn.Conv2d(config.pixel_channels, 2, 1)

    def forward(self, fine: Tensor) -> DenseMaps:
        """Return the maps of fine features (B, P, h, w)."""
        return self.depth(fine).squeeze(1).sigmoid(), self.labels(fine), self.contact(fine)


def mean_with_mirrored(maps: DenseMaps, mirrored: DenseMaps, hand_labels: Sequence[int]) -> DenseMaps:
    """Return the mean of an image's dense maps and of its mirror image's.

    In a mirror the left hand is the right one: ``hand_labels`` are the indices of the two among the labels.
    """
    depth, labels, contact = (item.flip(-1) for item in mirrored)
    left, right = (1 + index for index in hand_labels)
    order = list(range(labels.shape[1]))
    order[left], order[right] = right, left
    turned = depth, labels[:, order], contact[:, [1, 0]]
    first, second, third = ((own + other) / 2 for own, other in zip(maps, turned, strict=True))
    return first, second, third


class AnnexeColourHead(nn.Module):
    """Names the colour of things, cell by cell: from the cell's colour, the light, and what the encoder makes of it.

    An encoder that was taught to name things whatever their colour forgets it; so this head sees the pixels, too. The
    light is the image's mean colour: a grey thing is blue in the shade and yellow beside a lamp.
    """

    WIDTH = 32

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(6 + config.pixel_channels, self.WIDTH, 1),
            nn.ReLU(),
            nn.Conv2d(self.WIDTH, self.WIDTH, 1),
            nn.ReLU(),
            nn.Conv2d(self.WIDTH, 1 + len(config.colours), 1),
        )

    def forward(self, pixel_values: Tensor, fine: Tensor) -> Tensor:
        """Return logits (B, 1 + colours, h, w), first that nothing with a named colour is there.

        Args:
            pixel_values: (B, 3, H, W).
            fine: (B, P, h, w).
        """
        colours = functional.adaptive_avg_pool2d(pixel_values, (fine.shape[-2], fine.shape[-1])).to(fine)
        light = colours.mean((2, 3), keepdim=True).expand_as(colours)
        return self.layers(torch.cat([colours, colours - light, fine], dim=1))
