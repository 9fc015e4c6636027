"""Dense maps that are the mean of what an image and its mirror image give."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

LEFT, RIGHT = 0, 1


@pytest.fixture
def both_ways(tiny_model):
    """Return a model that looks at the mirror image, too."""
    from annexe_ros.model import AnnexeForEgoIRG

    config = copy.deepcopy(tiny_model.config)
    config.hand_labels, config.mirrored = [LEFT, RIGHT], True
    torch.manual_seed(0)
    return AnnexeForEgoIRG(config).eval()


def test_the_maps_of_a_mirror_image_are_the_mirrored_maps(both_ways):
    pixels = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        own, turned = both_ways.encode_image(pixels), both_ways.encode_image(pixels.flip(-1))
    order = list(range(own.label_logits.shape[1]))
    order[1 + LEFT], order[1 + RIGHT] = 1 + RIGHT, 1 + LEFT
    torch.testing.assert_close(turned.label_logits, own.label_logits.flip(-1)[:, order])
    torch.testing.assert_close(turned.contact_logits, own.contact_logits.flip(-1)[:, [1, 0]])
    torch.testing.assert_close(turned.depth, own.depth.flip(-1))


def test_without_it_they_are_not(both_ways):
    both_ways.config.mirrored = False
    pixels = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        own, turned = both_ways.encode_image(pixels), both_ways.encode_image(pixels.flip(-1))
    assert not torch.allclose(turned.depth, own.depth.flip(-1))


def test_it_is_the_mean_of_two_looks(both_ways):
    pixels = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        mean = both_ways.encode_image(pixels)
        both_ways.config.mirrored = False
        own, turned = both_ways.encode_image(pixels), both_ways.encode_image(pixels.flip(-1))
    torch.testing.assert_close(mean.depth, (own.depth + turned.depth.flip(-1)) / 2)
    hand = own.label_logits[:, 1 + LEFT], turned.label_logits.flip(-1)[:, 1 + RIGHT]
    torch.testing.assert_close(mean.label_logits[:, 1 + LEFT], (hand[0] + hand[1]) / 2)


@pytest.mark.parametrize("learns", [True, False])
def test_only_an_encoder_that_does_not_learn_looks_twice(both_ways, learns, monkeypatch):
    looks = []
    features = both_ways._features
    monkeypatch.setattr(both_ways, "_features", lambda pixels: looks.append(pixels) or features(pixels))
    both_ways.train()
    for part in (both_ways.backbone, both_ways.pyramid, both_ways.dense_heads, both_ways.coordinates):
        part.requires_grad_(learns)
    both_ways.encode_image(torch.randn(2, 3, 64, 96))
    assert len(looks) == (1 if learns else 2)


def test_without_hands_a_mirror_has_no_sides_to_exchange():
    from annexe_ros.model import AnnexeConfig

    with pytest.raises(ValueError, match="'mirrored' needs 'hand_labels'"):
        AnnexeConfig(labels=["mug"], mirrored=True)
