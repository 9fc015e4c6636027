"""Features of a convolutional backbone: coarse ones for language and attention, fine ones for pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig


def conv_block(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Sequential:
    """Return convolution, batch normalisation and ReLU; the size of the map stays."""
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


def pixel_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return the places (height * width, 2) of a grid's cells, x and y in -1..1."""
    ys = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height * 2 - 1
    xs = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width * 2 - 1
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([grid_x, grid_y], dim=-1).flatten(0, 1)


class AnnexePlaceEmbedding(nn.Module):
    """Embedding (cells, channels) of where a feature lies; works at any image size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, channels), nn.GELU(), nn.Linear(channels, channels))

    def forward(self, height: int, width: int, like: Tensor) -> Tensor:
        """Return (height * width, channels) in the dtype and on the device of ``like``."""
        return self.layers(pixel_grid(height, width, like))


class AnnexePyramid(nn.Module):
    """Neck: backbone maps at strides 4 to 32 are merged top-down into coarse (16) and fine (4) features."""

    def __init__(self, backbone_channels: list[int], config: AnnexeConfig) -> None:
        super().__init__()
        width = config.pyramid_channels
        widths = [config.pixel_channels, width, width, width]
        self.lateral = nn.ModuleList(conv_block(c, w, 1) for c, w in zip(backbone_channels, widths, strict=True))
        self.context = nn.Sequential(conv_block(width, width), conv_block(width, width))
        self.narrow = conv_block(width, config.pixel_channels, 1)
        self.coarse, self.middle = conv_block(width, width), conv_block(width, width)
        self.fine = nn.Sequential(
            conv_block(config.pixel_channels, config.pixel_channels),
            conv_block(config.pixel_channels, config.pixel_channels),
        )

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the coarse (B, C, H/16, W/16) and fine (B, P, H/4, W/4) features."""
        p4, p8, p16, p32 = (lateral(x) for lateral, x in zip(self.lateral, maps, strict=True))
        coarse = self.coarse(p16 + _upsampled(self.context(p32), p16))
        middle = self.middle(p8 + _upsampled(coarse, p8))
        return coarse, self.fine(p4 + _upsampled(self.narrow(middle), p4))


def _upsampled(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
