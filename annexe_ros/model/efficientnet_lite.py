"""EfficientNet-Lite as a backbone of transformers, and the reader of its published ImageNet weights.

The network is MobileNetV2's inverted bottleneck scaled as in EfficientNet (arXiv 1905.11946), without squeeze and
excitation and with ReLU6, as Google published it for mobile devices (Apache-2.0). transformers holds none of its kind
without a dependency on timm, and timm's on torchvision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel
from transformers.backbone_utils import BackboneConfigMixin, BackboneMixin
from transformers.modeling_outputs import BackboneOutput

IMAGE_MEAN, IMAGE_STD = (127 / 255,) * 3, (128 / 255,) * 3
"""Normalisation of RGB in 0..1 that the published weights were trained with."""


class EfficientNetLiteConfig(BackboneConfigMixin, PretrainedConfig):
    """Sizes of the network; the defaults are Lite0's.

    Args:
        embedding_size: channels of the stem, which has stride 2.
        hidden_sizes, depths, kernel_sizes, strides, expansions: of each stage; the stride is its first block's.
        out_features: stages whose maps ``forward`` returns; by default the last ones at strides 4, 8, 16 and 32.
    """

    model_type = "efficientnet_lite"

    def __init__(
        self,
        embedding_size: int = 32,
        hidden_sizes: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320),
        depths: tuple[int, ...] = (1, 2, 2, 3, 3, 4, 1),
        kernel_sizes: tuple[int, ...] = (3, 3, 5, 3, 5, 5, 3),
        strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1),
        expansions: tuple[int, ...] = (1, 6, 6, 6, 6, 6, 6),
        out_features: list[str] | None = None,
        out_indices: list[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_size = embedding_size
        self.hidden_sizes, self.depths, self.kernel_sizes = list(hidden_sizes), list(depths), list(kernel_sizes)
        self.strides, self.expansions = list(strides), list(expansions)
        self.stage_names = ["stem", *(f"stage{number}" for number in range(1, len(depths) + 1))]
        if out_features is None and out_indices is None:
            out_features = ["stage2", "stage3", "stage5", "stage7"]
        self.set_output_features_output_indices(out_indices=out_indices, out_features=out_features)


class SamePaddedConv(nn.Conv2d):
    """Convolution whose map has ceil(side / stride) cells, padded as TensorFlow pads: the odd row at the end."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the map of (B, C, H, W)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        rows, columns = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:])
        if rows % 2 or columns % 2:
            x = functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
            rows = columns = 0
        return functional.conv2d(x, self.weight, self.bias, self.stride, (rows // 2, columns // 2), 1, self.groups)


class DepthwiseConv(SamePaddedConv):
    """A filter for each channel; large ones learn in float32, since in bfloat16 CPUs take four times as long."""

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, channels, kernel, stride, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the map of (B, C, H, W), in its dtype."""
        slow = x.requires_grad and x.device.type == "cpu" and self.kernel_size[0] > 3
        if not slow or x.dtype == self.weight.dtype:
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.to(self.weight.dtype)).to(x.dtype)


def _normed(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3, momentum=0.01))


def _rectified(convolution: nn.Conv2d) -> nn.Sequential:
    return _normed(convolution).append(nn.ReLU6(inplace=True))


def _pointwise(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 1, bias=False)


class EfficientNetLiteBlock(nn.Module):
    """Inverted bottleneck: widen, filter each channel, narrow; the result of the last is not rectified."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expand = _rectified(_pointwise(channels_in, wide)) if expansion > 1 else None
        self.depthwise = _rectified(DepthwiseConv(wide, kernel, stride))
        self.project = _normed(_pointwise(wide, channels_out))
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, channels_out, ceil(H / stride), ceil(W / stride)) of (B, channels_in, H, W)."""
        wide = x if self.expand is None else self.expand(x)
        narrow = self.project(self.depthwise(wide))
        return x + narrow if self.residual else narrow


class EfficientNetLiteBackbone(BackboneMixin, PreTrainedModel):
    """Feature maps of the stages named in ``config.out_features``."""

    config_class = EfficientNetLiteConfig
    base_model_prefix = "efficientnet_lite"
    main_input_name = "pixel_values"
    has_attentions = False

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__(config)
        self.num_features = [config.embedding_size, *config.hidden_sizes]
        self.stem = _rectified(SamePaddedConv(3, config.embedding_size, 3, stride=2, bias=False))
        self.stages = nn.ModuleList(_stage(config, number) for number in range(len(config.depths)))
        self.post_init()

    def forward(  # type: ignore[override]  # transformers' own backbones differ from its mixin too
        self, pixel_values: Tensor, **kwargs: Any
    ) -> BackboneOutput:
        """Return the feature maps of images (B, 3, H, W)."""
        x = self.stem(pixel_values)
        maps = {"stem": x}
        for name, stage in zip(self.stage_names[1:], self.stages, strict=True):
            maps[name] = x = stage(x)
        found = tuple(maps[name] for name in self.out_features)
        return BackboneOutput(feature_maps=cast(Any, found))  # annotated as a tuple of one

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")


def _stage(config: EfficientNetLiteConfig, number: int) -> nn.Sequential:
    widths = [config.embedding_size, *config.hidden_sizes]
    kernel, expansion = config.kernel_sizes[number], config.expansions[number]
    blocks = [EfficientNetLiteBlock(widths[number], widths[number + 1], kernel, config.strides[number], expansion)]
    for _ in range(1, config.depths[number]):
        blocks.append(EfficientNetLiteBlock(widths[number + 1], widths[number + 1], kernel, 1, expansion))
    return nn.Sequential(*blocks)


PUBLISHED_HEAD = ("_conv_head.", "_bn1.", "_fc.")
"""Beginnings of the keys of the published classifier behind the last stage, which a backbone hasn't."""
PUBLISHED_STEM = {"_conv_stem": "0", "_bn0": "1"}
PUBLISHED_LAYERS = {
    "_expand_conv": "expand.0", "_bn0": "expand.1", "_depthwise_conv": "depthwise.0", "_bn1": "depthwise.1",
    "_project_conv": "project.0", "_bn2": "project.1",
}  # fmt: skip


def load_published(backbone: EfficientNetLiteBackbone, tensors: Mapping[str, Tensor]) -> None:
    """Load weights in the published PyTorch layout (``_conv_stem``, ``_blocks.0._depthwise_conv`` …).

    Raises ``ValueError`` where a weight is missing, too many or of another shape.
    """
    names = _our_names(cast(EfficientNetLiteConfig, backbone.config))
    theirs = {_renamed(name, names): value for name, value in tensors.items() if not name.startswith(PUBLISHED_HEAD)}
    ours = backbone.state_dict()
    if odd := sorted(theirs.keys() ^ ours.keys()):
        raise ValueError(f"{len(odd)} weights are missing or too many, '{odd[0]}' is the first")
    if odd := sorted(name for name in ours if ours[name].shape != theirs[name].shape):
        raise ValueError(f"{len(odd)} weights have another shape, '{odd[0]}' is the first")
    backbone.load_state_dict(theirs)


def _our_names(config: EfficientNetLiteConfig) -> dict[str, str]:
    """Return our module of each published one; published blocks are counted through all stages."""
    blocks = [f"stages.{stage}.{block}" for stage, depth in enumerate(config.depths) for block in range(depth)]
    names = {theirs: f"stem.{ours}" for theirs, ours in PUBLISHED_STEM.items()}
    for number, block in enumerate(blocks):
        names |= {f"_blocks.{number}.{theirs}": f"{block}.{ours}" for theirs, ours in PUBLISHED_LAYERS.items()}
    return names


def _renamed(name: str, names: Mapping[str, str]) -> str:
    module, _, tensor = name.rpartition(".")
    return f"{names.get(module, module)}.{tensor}"
