"""Visual tokens that carry the words of what the label map saw."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@pytest.fixture
def speaking(tiny_model, tiny_processor):
    model = copy.deepcopy(tiny_model).eval()
    model.config.label_token_ids = tiny_processor.label_token_ids(model.config.labels)
    return model


def tokens_of(model, label):
    """Return the visual tokens of an image in which the label map is sure to see one label in every cell."""
    logits = torch.full((1, 1 + len(model.config.labels), 16, 16), -20.0)
    logits[:, 1 + model.config.labels.index(label)] = 20
    coarse, contact = torch.zeros(1, model.config.pyramid_channels, 4, 4), torch.zeros(1, 2, 16, 16)
    with torch.inference_mode():
        return model.connector(coarse, logits, contact, model._words(model.config.label_token_ids))


def test_labels_are_spelt_as_inside_a_sentence(tiny_processor):
    ids = tiny_processor.label_token_ids(["mug", "left hand"])
    assert [tiny_processor.tokenizer.decode(row) for row in ids] == [" mug", " left hand"]


def test_a_token_is_closest_to_the_word_of_what_was_seen(speaking):
    labels = speaking.config.labels
    words = torch.nn.functional.normalize(speaking._words(speaking.config.label_token_ids), dim=-1)
    plain = copy.deepcopy(speaking.connector)
    for parameter in plain.projection.parameters():
        parameter.data.zero_()
    speaking.connector = plain
    for label in labels:
        likeness = torch.nn.functional.normalize(tokens_of(speaking, label), dim=-1) @ words.T
        assert set(likeness.argmax(-1).flatten().tolist()) == {labels.index(label)}


def test_without_ids_tokens_know_no_words(speaking):
    speaking.config.label_token_ids = []
    assert speaking._words(speaking.config.label_token_ids) is None
    before = tokens_of(speaking, speaking.config.labels[0])
    speaking.language_model.get_input_embeddings().weight.data.add_(1)
    torch.testing.assert_close(tokens_of(speaking, speaking.config.labels[0]), before)
