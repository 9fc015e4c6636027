"""What a scene model sees of a frame: where which thing and which hand is, where they touch, and how deep it goes.

A stem that doesn't learn: the image encoder of a scene model, up to its dense maps. Clips are few and these maps are
small, so that a tower over them learns motion instead of appearance.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoBackbone

from annexe_ros.core.errors import CheckpointError, ModelNotFoundError
from annexe_ros.inference.fusion import fuse_convolutions
from annexe_ros.inference.resolve import CONFIG_FILE
from annexe_ros.model import AnnexeConfig
from annexe_ros.model.dense import AnnexeDenseHeads
from annexe_ros.model.pyramid import AnnexePyramid, pixel_grid

PARTS = ("backbone", "pyramid", "dense_heads", "coordinates")
"""Modules of a scene model that make its dense maps."""
FACTS = ("pyramid_channels", "pixel_channels", "labels", "contact_map", "coordinate_channels", "inverse_depth")
"""What a stem keeps of a scene model's configuration, beside that of its backbone."""


class SceneStem(nn.Module):
    """Dense maps of frames, averaged over ``cells`` x ``cells`` parts of the picture."""

    def __init__(self, config: AnnexeConfig, cells: int) -> None:
        super().__init__()
        self.cells = cells
        self.backbone = AutoBackbone.from_config(config.vision_config)
        self.pyramid = AnnexePyramid(self.backbone.channels, config)
        self.dense_heads = AnnexeDenseHeads(config)
        self.coordinates = nn.Conv2d(2, self.backbone.channels[0], 1) if config.coordinate_channels else None

    def forward(self, pixels: Tensor) -> Tensor:
        """Return shares of labels, of left and right contact, and depth (B, C, cells, cells) of frames (B, 3, H, W)."""
        first, *others = self.backbone(pixels).feature_maps
        if self.coordinates is not None:
            height, width = first.shape[-2:]
            first = first + self.coordinates(pixel_grid(height, width, first).T.reshape(1, 2, height, width))
        _, fine = self.pyramid((first, *others))
        depth, labels, contact = self.dense_heads(fine)
        seen = torch.cat([labels.softmax(dim=1), contact.sigmoid(), depth.unsqueeze(1)], dim=1)
        return functional.adaptive_avg_pool2d(seen, self.cells)


def quickened(stem: SceneStem) -> SceneStem:
    """Return a copy for float32 on a CPU that takes half the time, its convolutions fused; it can't be saved."""
    quick = copy.deepcopy(stem).eval()
    fuse_convolutions(quick)
    return quick


def stem_config_of(folder: Path) -> dict[str, Any]:
    """Return what a stem keeps of a scene model's configuration; raises ``ModelNotFoundError``."""
    try:
        kept = AnnexeConfig.from_json_file(str(folder / CONFIG_FILE)).to_dict()
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(folder, f"no scene model can be read ({error})") from error
    return {"vision_config": kept["vision_config"], **{name: kept[name] for name in FACTS}}


def load_scene_stem(stem: SceneStem, folder: Path) -> None:
    """Take a scene model's weights; raises ``CheckpointError`` where they don't fit."""
    file = folder / "model.safetensors"
    try:
        state = load_file(file)
        stem.load_state_dict({name: value for name, value in state.items() if name.startswith(PARTS)})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(file, str(error)) from error
