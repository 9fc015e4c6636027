"""Visual tokens of the labels: what the dense maps saw of each, in the language model's words."""

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
    """Return a model whose labels have tokens."""
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
    """Return the shares of labels (labels, labels) and of colours (labels, colours) that the tokens tell."""
    labels, contact, colours = maps(model, *things)
    likely, touched = labels.softmax(1)[:, 1:], contact.sigmoid()
    tokens = model.connector.label_tokens
    return tokens._names(likely, touched)[0], tokens._colours(likely, touched, colours.softmax(1)[:, 1:])[0]


def test_each_hand_tells_what_it_touches_and_each_thing_who_touches_it(handy):
    names, colours = told(
        handy,
        (LEFT, -1, [LEFT], slice(0, 3)),
        (MUG, RED, [LEFT], slice(3, 6)),
        (RIGHT, -1, [], slice(8, 10)),
        (KNIFE, BLUE, [], slice(12, 14)),
    )
    expected = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])
    torch.testing.assert_close(names, expected, atol=1e-3, rtol=0)
    expected = torch.tensor([[1.0, 0], [0, 0], [1, 0], [0, 1]])
    torch.testing.assert_close(colours, expected, atol=1e-3, rtol=0)


def test_what_is_not_there_says_nothing(handy):
    names, colours = told(handy, (RIGHT, -1, [RIGHT], slice(0, 4)), (KNIFE, BLUE, [RIGHT], slice(4, 8)))
    expected = torch.tensor([[0.0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1]])
    torch.testing.assert_close(names, expected, atol=1e-3, rtol=0)
    torch.testing.assert_close(colours[MUG], torch.zeros(2), atol=1e-3, rtol=0)


def test_a_single_cell_is_no_contact_that_is_told_loudly(handy):
    labels, contact, _ = maps(handy, (MUG, RED, [], slice(0, 8)))
    contact[0, LEFT, 4, 4] = SURE
    names = handy.connector.label_tokens._names(labels.softmax(1)[:, 1:], contact.sigmoid())
    assert names[0, LEFT, MUG] < 0.3
    assert names[0, MUG, LEFT] < 0.3


def test_of_two_things_a_hand_touches_the_one_that_it_touches_more_of(handy):
    hand, mug, knife = (LEFT, -1, [LEFT], slice(0, 3)), (MUG, RED, [LEFT], slice(3, 6)), (KNIFE, BLUE, [], slice(8, 12))
    labels, contact, _ = maps(handy, hand, mug, knife)
    contact[0, LEFT, 8:10] = SURE
    names = handy.connector.label_tokens._names(labels.softmax(1)[:, 1:], contact.sigmoid())[0]
    assert names[LEFT, MUG] > 0.7
    assert names[LEFT, KNIFE] < 0.3
    contact[0, LEFT, 3:6] = -SURE
    names = handy.connector.label_tokens._names(labels.softmax(1)[:, 1:], contact.sigmoid())[0]
    assert names[LEFT, KNIFE] > 0.7  # nothing else is in doubt


def test_an_idle_hand_is_said_to_touch_nothing_though_things_look_touched(handy):
    names, _ = told(handy, (LEFT, -1, [], slice(0, 3)), (MUG, RED, [LEFT], slice(3, 6)))
    assert names[LEFT, MUG] < 0.01


def test_maps_that_are_sure_to_the_last_digit_still_teach(handy):
    labels, contact, _ = maps(handy, (LEFT, -1, [], slice(0, 3)), (MUG, RED, [], slice(3, 6)))
    likely, touched = labels.mul(100).softmax(1)[:, 1:].requires_grad_(), contact.mul(100).sigmoid().requires_grad_()
    handy.connector.label_tokens._names(likely, touched).sum().backward()
    assert likely.grad.isfinite().all()
    assert touched.grad.isfinite().all()


def test_a_doubtful_name_stays_quiet_beside_a_sure_one(handy):
    words, connector = torch.randn(4, handy.config.text_config.hidden_size), handy.connector
    likely = torch.zeros(1, 4, 16, 16)
    likely[0, MUG, :4], likely[0, KNIFE, 8:] = 1.0, 0.1
    told = connector.norm(connector.label_tokens(likely, torch.zeros(1, 2, 16, 16), words))
    mug, knife = torch.cosine_similarity(told[0, :2], connector.norm(words[[MUG, KNIFE]]))
    assert mug > 0.9
    assert knife < 0.6


def test_the_tokens_come_last_the_hands_at_the_end_and_learn(handy):
    plain = copy.deepcopy(handy)
    plain.connector.label_tokens = None
    before = handy.encode_image(pixels := torch.rand(1, 3, 64, 64)).visual_tokens
    torch.testing.assert_close(before[:, :-4], plain.encode_image(pixels).visual_tokens)
    with torch.no_grad():
        handy.connector.label_tokens.label[LEFT] = torch.arange(handy.config.text_config.hidden_size)
    tokens = handy.encode_image(pixels).visual_tokens
    assert [index for index in range(-4, 0) if not torch.allclose(tokens[:, index], before[:, index])] == [-2]
    tokens[:, -4:].square().sum().backward()
    assert handy.connector.label_tokens.label.grad is not None
    assert handy.dense_heads.contact.weight.grad is not None


def test_without_hand_labels_there_are_none(tiny_model):
    assert tiny_model.connector.label_tokens is None
