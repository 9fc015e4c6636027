"""Fused networks compute what they computed before."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def stirred(network):
    """Give normalisations figures as after training."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return network.eval()


def fused(network):
    from annexe_ros.inference.fusion import FusedConv, fuse_convolutions

    count = fuse_convolutions(network)
    assert count == sum(isinstance(module, FusedConv) for module in network.modules()) > 0
    return network


@pytest.mark.parametrize("size", [(64, 96), (63, 95), (64, 33)])
def test_a_backbone_sees_the_same(size):
    from annexe_ros.model import EfficientNetLiteBackbone, EfficientNetLiteConfig

    torch.manual_seed(0)
    network = stirred(EfficientNetLiteBackbone(EfficientNetLiteConfig(depths=(1, 1, 2, 1, 1, 1, 1))))
    image = torch.randn(1, 3, *size)
    with torch.inference_mode():
        before = network(image).feature_maps
        after = fused(network)(image).feature_maps
    assert not [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d | torch.nn.ReLU6)]
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old, rtol=1e-3, atol=1e-4)


def test_a_whole_model_sees_the_same(tiny_model):
    image = torch.randn(2, 3, 64, 96)
    network = stirred(copy.deepcopy(tiny_model))
    with torch.inference_mode():
        before = network.encode_image(image)
        after = fused(network).encode_image(image)
    for name, maps in before.items():
        torch.testing.assert_close(after[name], maps, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "odd", [{"dilation": 2}, {"stride": 4}, {"padding_mode": "reflect", "padding": 1}, {"padding": "same"}]
)
def test_unusual_convolutions_stay_as_they_are(odd):
    from annexe_ros.inference.fusion import fuse_convolutions

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, **odd), torch.nn.ReLU()).eval()
    assert fuse_convolutions(network) == 0
    assert isinstance(network[1], torch.nn.ReLU)
