"""Folded networks compute what they computed before."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def test_folding_changes_no_figure():
    from annexe_ros.inference.folding import fold_batch_norms
    from annexe_ros.model import EfficientNetLiteBackbone, EfficientNetLiteConfig

    torch.manual_seed(0)
    network = EfficientNetLiteBackbone(EfficientNetLiteConfig(depths=(1, 1, 1, 1, 1, 1, 1)))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    network.eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        before = network(image).feature_maps
        assert fold_batch_norms(network) == 21  # a stem, and three in each of seven blocks but the first, which has two
        after = network(image).feature_maps
    assert not [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old, rtol=1e-3, atol=1e-4)
