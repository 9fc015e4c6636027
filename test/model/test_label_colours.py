"""The dense map of colours, and visual tokens that carry its words."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

SURE = 20.0


@pytest.fixture
def colourful(tiny_model, tiny_processor):
    model = copy.deepcopy(tiny_model).eval()
    model.config.colour_token_ids = tiny_processor.label_token_ids(model.config.colours)
    return model


def sure_of(model, colours):
    """Return logits (1, 1 + colours, h, w) that are sure of an index (h, w) of colours; -1 is nothing."""
    classes = 1 + len(model.config.colours)
    seen = torch.nn.functional.one_hot(torch.as_tensor(colours) + 1, classes).float()
    return SURE * seen.permute(2, 0, 1).unsqueeze(0)


def shares_of(model, colours):
    with torch.inference_mode():
        coarse = torch.zeros(1, model.config.pyramid_channels, 4, 4)
        return model.connector._colours(sure_of(model, colours).softmax(1)[:, 1:], coarse)


def what_changes(model, rows, columns):
    """Return by how much the head's logits (16, 16) change when these pixels do."""
    fine = torch.zeros(1, model.config.pixel_channels, 16, 16)
    pixels = torch.rand(1, 3, 64, 64)
    other = pixels.clone()
    other[..., rows, columns] += 1
    with torch.inference_mode():
        return (model.colour_head(pixels, fine) - model.colour_head(other, fine)).abs().amax(1)[0]


def test_the_head_sees_the_pixels_themselves(colourful):
    changed = what_changes(colourful, slice(4, 8), slice(8, 12))
    elsewhere = changed.clone()
    elsewhere[1, 2] = 0
    assert changed[1, 2] > 10 * elsewhere.max()


def test_the_head_sees_in_what_light(colourful):
    assert what_changes(colourful, slice(0, 64), slice(32, 64))[:, :8].max() > 0


def test_a_small_thing_is_told_as_loudly_as_a_large_one(colourful):
    cells = torch.full((16, 16), -1)
    cells[0:3, 0:3] = 1  # 9 of the 64 cells of one token
    cells[8:16, 8:16] = 0
    shares = shares_of(colourful, cells)
    torch.testing.assert_close(shares[0, :, 0, 0], torch.tensor([0.0, 1.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(shares[0, :, 1, 1], torch.tensor([1.0, 0.0]), atol=1e-3, rtol=0)
    assert shares[0, :, 0, 1].max() < 1e-3


def test_two_colours_share_a_token_by_their_areas(colourful):
    cells = torch.full((16, 16), -1)
    cells[0:4, 0:2], cells[0:4, 2:8] = 0, 1
    torch.testing.assert_close(shares_of(colourful, cells)[0, :, 0, 0], torch.tensor([0.25, 0.75]), atol=1e-3, rtol=0)


def test_a_token_is_closest_to_the_word_of_its_colour(colourful):
    for parameter in colourful.connector.projection.parameters():
        parameter.data.zero_()
    words = torch.nn.functional.normalize(colourful._words(colourful.config.colour_token_ids), dim=-1)
    labels, contact = torch.zeros(1, 1 + len(colourful.config.labels), 16, 16), torch.zeros(1, 2, 16, 16)
    coarse = torch.zeros(1, colourful.config.pyramid_channels, 4, 4)
    for index in range(len(words)):
        logits = sure_of(colourful, torch.full((16, 16), index))
        with torch.inference_mode():
            told = colourful._words(colourful.config.colour_token_ids)
            tokens = colourful.connector(coarse, labels, contact, None, logits, told)
        likeness = torch.nn.functional.normalize(tokens, dim=-1) @ words.T
        assert set(likeness.argmax(-1).flatten().tolist()) == {index}


def test_a_model_without_colours_has_no_such_map(tiny_model):
    from annexe_ros.model import AnnexeForEgoIRG

    config = copy.deepcopy(tiny_model.config)
    config.colours = []
    plain = AnnexeForEgoIRG(config).eval()
    with torch.inference_mode():
        assert plain(torch.rand(1, 3, 64, 64)).encoding.colour_logits is None
    assert not [name for name in plain.state_dict() if "colour" in name]
