"""The paper's two image encoders: a vision tower sees for language, a depth model for pixels. Both are transformers'.

Shapes: see ``modeling_annexe``.
"""

from __future__ import annotations

import inspect
from typing import cast

from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForDepthEstimation, DepthAnythingForDepthEstimation, PreTrainedModel

from .configuration_annexe import AnnexeConfig
from .pyramid import conv_block


class AnnexeTokenConnector(nn.Module):
    """Joins runs of neighbouring patch tokens and projects them to the language model's width (MiniGPT-v2)."""

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.run = config.token_merge**2
        self.projection = nn.Linear(config.vision_config.hidden_size * self.run, config.text_config.hidden_size)

    def forward(self, patches: Tensor) -> Tensor:
        """Return visual tokens (B, N, D) of patch tokens (B, N * run, width)."""
        batch, _, width = patches.shape
        return self.projection(patches.reshape(batch, -1, self.run * width))


class AnnexeGroundEncoder(nn.Module):
    """The trainable ground image encoder: features of a depth model, its depth, and two dense maps of ours.

    The authors take the last tokens of the depth model's ViT. Ours are the fused maps before its depth head, which know
    depth as the paper's drawing wants it and are four times finer.
    """

    def __init__(self, config: AnnexeConfig, depth_model: DepthAnythingForDepthEstimation | None = None) -> None:
        super().__init__()
        self.depth_model = depth_model or AutoModelForDepthEstimation.from_config(config.ground_config)
        self.inverse_depth = config.inverse_depth
        width = self.depth_model.config.fusion_hidden_size
        self.coarse = conv_block(width, config.pyramid_channels)
        self.fine = conv_block(width, config.pixel_channels)
        self.labels = nn.Conv2d(config.pixel_channels, 1 + len(config.labels), 1)
        self.contact = nn.Conv2d(config.pixel_channels, 2, 1)

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return coarse and fine features, depth, label and contact logits, as ``AnnexeImageEncoding`` has them."""
        patch = cast(int, self.depth_model.config.patch_size)
        rows, columns = (side // patch for side in pixel_values.shape[-2:])
        maps = self.depth_model.neck(self.depth_model.backbone(pixel_values).feature_maps, rows, columns)
        coarse = self.coarse(_at_stride(maps[0], pixel_values, 16))
        fine = self.fine(_at_stride(maps[2], pixel_values, 4))
        depth = self._relative(self.depth_model.head(maps, rows, columns))
        depth = _at_stride(depth.unsqueeze(1), pixel_values, 4).squeeze(1)
        return coarse, fine, depth, self.labels(fine), self.contact(fine)

    def _relative(self, values: Tensor) -> Tensor:
        """Scale the head's values (B, H, W) to 0 (nearest) .. 1, image by image (the authors: over the batch)."""
        low, high = values.amin((1, 2), keepdim=True), values.amax((1, 2), keepdim=True)
        share = (values - low) / (high - low).clamp(min=1e-6)
        return 1 - share if self.inverse_depth else share


def patch_tokens(tower: PreTrainedModel, pixel_values: Tensor) -> Tensor:
    """Return a vision tower's tokens (B, patches, width) in row order, without CLS and registers, at any image size."""
    patch = tower.config.patch_size
    patches = (pixel_values.shape[-2] // patch) * (pixel_values.shape[-1] // patch)
    options = {}
    if "interpolate_pos_encoding" in inspect.signature(tower.forward).parameters:
        options["interpolate_pos_encoding"] = True
    return tower(pixel_values=pixel_values, **options).last_hidden_state[:, -patches:]


def _at_stride(x: Tensor, pixel_values: Tensor, stride: int) -> Tensor:
    size = [side // stride for side in pixel_values.shape[-2:]]
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
