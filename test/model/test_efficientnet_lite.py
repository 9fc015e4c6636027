"""The backbone of the shipped model: maps, gradients and the reader of published weights."""

import pytest
import torch

from annexe_ros.model import EfficientNetLiteBackbone, EfficientNetLiteConfig
from annexe_ros.model.efficientnet_lite import DepthwiseConv, SamePaddedConv, load_published

pytestmark = pytest.mark.model

TINY = EfficientNetLiteConfig(
    embedding_size=4, hidden_sizes=(4, 6, 8), depths=(1, 2, 1), kernel_sizes=(3, 5, 3), strides=(1, 2, 2),
    expansions=(1, 6, 6), out_features=["stage2", "stage3"],
)  # fmt: skip
"""A network with every kind of block."""
THEIRS = {"expand.0": "_expand_conv", "expand.1": "_bn0", "depthwise.0": "_depthwise_conv", "depthwise.1": "_bn1",
          "project.0": "_project_conv", "project.1": "_bn2"}  # fmt: skip


def published(backbone: EfficientNetLiteBackbone) -> dict[str, torch.Tensor]:
    """The backbone's weights under the published names, written out block by block, and a classifier."""
    blocks = {"stages.0.0": 0, "stages.1.0": 1, "stages.1.1": 2, "stages.2.0": 3}
    tensors = {"_fc.weight": torch.ones(2, 8), "_conv_head.weight": torch.ones(9, 8, 1, 1), "_bn1.bias": torch.ones(9)}
    for name, value in backbone.state_dict().items():
        where, _, tensor = name.rpartition(".")
        if where.startswith("stem"):
            tensors[f"{'_conv_stem' if where == 'stem.0' else '_bn0'}.{tensor}"] = value
        else:
            block, layer = where[:10], where[11:]
            tensors[f"_blocks.{blocks[block]}.{THEIRS[layer]}.{tensor}"] = value
    return tensors


def test_lite0_has_its_published_size_and_maps_at_four_strides():
    backbone = EfficientNetLiteBackbone(EfficientNetLiteConfig()).eval()
    with torch.inference_mode():
        maps = backbone(torch.zeros(1, 3, 64, 96)).feature_maps
    assert [tuple(m.shape[1:]) for m in maps] == [(24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]
    classifier = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert sum(p.numel() for p in backbone.parameters()) + classifier == 4_652_008


def test_every_weight_learns():
    backbone = EfficientNetLiteBackbone(TINY).train()
    sum(m.square().sum() for m in backbone(torch.rand(2, 3, 32, 32)).feature_maps).backward()
    assert [name for name, p in backbone.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("kernel", [3, 5])
def test_padding_is_tensorflows(side, kernel):
    """An odd row of padding stands at the end: with stride 2 the first output cell reads from the first pixel on."""
    convolution = SamePaddedConv(1, 1, kernel, stride=2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    x = torch.zeros(1, 1, side, side)
    x[..., 0, 0] = 1
    total = (-(-side // 2) - 1) * 2 + kernel - side
    reached = 1 + (total // 2) // 2  # output cells whose window, shifted by the padding before, holds the first pixel
    assert convolution(x).sum() == reached**2
    assert convolution(x).shape[-1] == -(-side // 2)


def test_mixed_precision_keeps_a_large_filters_gradient_exact():
    torch.manual_seed(0)
    convolution = DepthwiseConv(3, 5, 1)
    x = torch.rand(1, 3, 8, 8).bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = convolution(x)
    assert y.dtype == torch.bfloat16
    y.sum().backward()
    exact = DepthwiseConv(3, 5, 1)
    exact.load_state_dict(convolution.state_dict())
    exact(x.detach().float()).sum().backward()
    torch.testing.assert_close(convolution.weight.grad, exact.weight.grad)


def test_published_weights_find_their_places():
    torch.manual_seed(1)
    source, target = EfficientNetLiteBackbone(TINY).eval(), EfficientNetLiteBackbone(TINY).eval()
    load_published(target, published(source))
    x = torch.rand(1, 3, 32, 32)
    for ours, theirs in zip(target(x).feature_maps, source(x).feature_maps, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("_blocks.2._bn1.weight", None, r"'stages\.1\.1\.depthwise\.1\.weight' is the first"),
        ("_blocks.9._bn1.weight", torch.ones(1), r"'_blocks\.9\._bn1\.weight' is the first"),
        ("_conv_stem.weight", torch.ones(5, 3, 3, 3), r"another shape, 'stem\.0\.weight'"),
    ],
    ids=["missing", "unknown", "of another shape"],
)
def test_other_weights_are_refused(key, value, message):
    backbone = EfficientNetLiteBackbone(TINY)
    tensors = published(backbone) | {key: value}
    with pytest.raises(ValueError, match=message):
        load_published(backbone, {name: tensor for name, tensor in tensors.items() if tensor is not None})
