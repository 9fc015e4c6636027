"""Visual tokens of the hands: what each of them touches, in the language model's words."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

SURE = 20.0
LEFT, RIGHT, MUG, KNIFE = range(4)
RED, BLUE = range(2)


@pytest.fixture
def handy(tiny_model, tiny_processor):
    """Return a model whose hands have tokens."""
    from annexe_ros.model import AnnexeForEgoIRG

    config = copy.deepcopy(tiny_model.config)
    config.label_token_ids = tiny_processor.label_token_ids(config.labels)
    config.colour_token_ids = tiny_processor.label_token_ids(config.colours)
    config.hand_labels = [LEFT, RIGHT]
    torch.manual_seed(0)
    return AnnexeForEgoIRG(config).eval()


def maps(model, *things):
    """Return logits of labels, contact and colours of (label, colour, who touches, rows) on 16x16 cells."""
    labels, colours = torch.full((16, 16), -1), torch.full((16, 16), -1)
    contact = torch.full((1, 2, 16, 16), -SURE)
    for label, colour, touching, rows in things:
        labels[rows], colours[rows] = label, colour
        for side in touching:
            contact[0, side, rows] = SURE
    counts = len(model.config.labels), len(model.config.colours)
    found = [
        SURE * torch.nn.functional.one_hot(index + 1, 1 + count).permute(2, 0, 1).float().unsqueeze(0)
        for index, count in zip((labels, colours), counts, strict=True)
    ]
    return found[0], contact, found[1]


def told(model, *things):
    """Return the shares of labels (2, labels) and of colours (2, colours) that the hands' tokens tell."""
    labels, contact, colours = maps(model, *things)
    likely, touched = labels.softmax(1)[:, 1:], contact.sigmoid()
    hands = model.connector.hands
    return hands._names(likely, touched)[0], hands._colours(colours.softmax(1)[:, 1:], touched)[0]


def test_each_hand_tells_what_it_touches(handy):
    names, colours = told(
        handy,
        (LEFT, -1, [LEFT], slice(0, 3)),
        (MUG, RED, [LEFT], slice(3, 6)),
        (RIGHT, -1, [], slice(8, 10)),
        (KNIFE, BLUE, [], slice(12, 14)),
    )
    torch.testing.assert_close(names, torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0]]), atol=1e-3, rtol=0)
    torch.testing.assert_close(colours, torch.tensor([[1.0, 0], [0, 0]]), atol=1e-3, rtol=0)


def test_a_hand_that_is_not_there_says_nothing(handy):
    names, _ = told(handy, (RIGHT, -1, [RIGHT], slice(0, 4)), (KNIFE, BLUE, [RIGHT], slice(4, 8)))
    torch.testing.assert_close(names, torch.tensor([[0.0, 0, 0, 0], [0, 1, 0, 1]]), atol=1e-3, rtol=0)


def test_a_single_cell_is_no_contact_that_is_told_loudly(handy):
    labels, contact, _ = maps(handy, (MUG, RED, [], slice(0, 8)))
    contact[0, LEFT, 4, 4] = SURE
    names = handy.connector.hands._names(labels.softmax(1)[:, 1:], contact.sigmoid())
    assert names[0, LEFT, MUG] < 0.3


def test_the_tokens_come_last_and_learn(handy):
    plain = copy.deepcopy(handy)
    plain.connector.hands = None
    pixels = torch.rand(1, 3, 64, 64)
    tokens = handy.encode_image(pixels).visual_tokens
    torch.testing.assert_close(tokens[:, :-2], plain.encode_image(pixels).visual_tokens)
    tokens[:, -2:].square().sum().backward()
    assert handy.connector.hands.side.grad is not None
    assert handy.dense_heads.contact.weight.grad is not None


def test_without_hand_labels_there_are_none(tiny_model):
    assert tiny_model.connector.hands is None
