"""Text metrics against values worked out by hand from the definitions."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.evaluation import text


@pytest.fixture
def wordnet():
    """Skip where no WordNet is installed."""
    try:
        return text._wordnet()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def test_tokens_are_words_in_lower_case():
    assert text.tokens("The mug's on_the Table, isn't it? 2 x!") == [
        "the", "mug's", "on", "the", "table", "isn't", "it", "2", "x",
    ]  # fmt: skip


def test_exact_looks_at_words_and_their_order():
    assert text.exact("Left hand and  mug.", "left hand and mug")
    assert not text.exact("mug and left hand", "left hand and mug")
    assert not text.exact("", "mug")


def test_cider_by_hand():
    # Two documents, every word in one of them: idf = log 2 cancels. n-grams of 3 and 4 words don't exist: at most 5.
    assert text.cider(["red mug", "blue bowl"], ["red mug", "blue bowl"]).mean() == pytest.approx(5.0)
    # "red bowl" shares one of two words and no pair: (1/2 + 0 + 0 + 0) / 4 * 10 = 1.25.
    assert text.cider(["red bowl", "blue bowl"], ["red mug", "blue bowl"]).mean() == pytest.approx((1.25 + 5) / 2)
    # "mug" has one pair of words less: cosine 1/sqrt(2), length penalty exp(-1 / (2 * 36)).
    short = math.sqrt(0.5) * math.exp(-1 / 72) / 4 * 10
    assert text.cider(["mug", "blue bowl"], ["red mug", "blue bowl"]).mean() == pytest.approx((short + 5) / 2)
    assert text.cider(["a b c d", "e f g h"], ["a b c d", "e f g h"]).mean() == pytest.approx(10.0)


def test_words_of_every_reference_say_nothing():
    # "mug" is in both references: idf 0, the other word decides.
    assert text.cider(["mug", "mug"], ["red mug", "blue mug"]).mean() == pytest.approx(0.0)


@pytest.mark.parametrize("references", [[], ["", ". "]])
def test_cider_of_no_words_is_unknown(references):
    assert text.cider(["mug"] * len(references), references) is None


def test_meteor_by_hand(wordnet):
    # Same three words in one chunk: 1 - .5 * (1/3)**3.
    assert text.meteor(["Red mug here."], ["red mug here"]).mean() == pytest.approx(1 - 0.5 / 27)
    # Precision 2/2, recall 2/4, harmonic with weight .9 on recall; one chunk of two words.
    fmean = (1 * 0.5) / (0.9 * 1 + 0.1 * 0.5)
    assert text.meteor(["white mug"], ["a white mug there"]).mean() == pytest.approx(fmean * (1 - 0.5 / 8))
    # Two words in two chunks: the penalty is half.
    assert text.meteor(["mug white"], ["white mug"]).mean() == pytest.approx(0.5)
    assert text.meteor(["bowl"], ["mug"]).mean() == 0.0
    assert text.meteor(["", "mug"], ["mug", "mug"]).mean() == pytest.approx(0.25)


def test_meteor_knows_stems_and_synonyms(wordnet):
    assert text.meteor(["holding hands"], ["holds hand"]) == text.meteor(["holds hand"], ["holds hand"])
    assert text.meteor(["car"], ["auto"]) == text.meteor(["car"], ["car"]) == 0.5


def test_meteor_of_nothing_is_unknown():
    assert text.meteor([], []) is None


def test_missing_wordnet_is_said_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(text, "WORDNET_FOLDERS", ())
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    monkeypatch.setattr("nltk.data.path", [str(tmp_path)])
    with pytest.raises(MissingDependencyError, match="apt-get install wordnet-base"):
        text._wordnet.__wrapped__()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_text_has_figures_in_range(texts):
    value = text.cider(texts, texts[::-1])
    assert value is None or (len(value) == len(texts) and value.min() >= 0 and value.max() <= 10 + 1e-9)


@pytest.mark.parametrize(
    ("metric", "library"), [(text.cider, "pycocoevalcap.cider.cider"), (text.meteor, "nltk.translate.meteor_score")]
)
def test_a_missing_library_is_said_with_the_command(monkeypatch, metric, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=r"annexe-ros\[evaluate\]"):
        metric(["mug"], ["mug"])
