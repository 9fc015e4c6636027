"""EgoNCE++ and InfoNCE against values worked out from the published loss, and their symmetries."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.video.losses import Matches, ego_nce_plus, info_nce, shares_noun, text_to_video, video_to_text

pytestmark = pytest.mark.model

TAU = 0.5
V = torch.tensor([[1, 0, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0]], dtype=torch.float64)
T = torch.tensor([[0.8, 0.6, 0, 0], [0, 1, 0, 0], [0, 0, 0.6, 0.8]], dtype=torch.float64)
G = torch.tensor(
    [[[0.8, 0, 0.6, 0], [0, 0, 0, 1]], [[0.6, 0, 0.8, 0], [0, 0.6, 0, 0.8]], [[0, 0, 1, 0], [1, 0, 0, 0]]],
    dtype=torch.float64,
)
NOUNS = torch.tensor([[1, 0, 1], [1, 0, 0], [0, 1, 0]])


def random_matches(seed, count=5, negatives=3):
    generator = torch.Generator().manual_seed(seed)

    def unit(*shape):
        return torch.nn.functional.normalize(torch.randn(*shape, 8, generator=generator, dtype=torch.float64), dim=-1)

    nouns = torch.randint(0, 2, (count, 4), generator=generator)
    return Matches(unit(count), unit(count), unit(count, negatives), nouns)


def test_each_direction_has_the_published_value():
    assert text_to_video(V, T, shares_noun(NOUNS), TAU).item() == pytest.approx(0.23609687657852532, abs=1e-12)
    assert video_to_text(V, T, G, TAU).item() == pytest.approx(1.2115119496408573, abs=1e-12)


def test_the_sum_has_the_published_value():
    assert ego_nce_plus(Matches(V, T, G, NOUNS), TAU).item() == pytest.approx(1.4476088262193827, abs=1e-12)


def test_info_nce_has_the_value_worked_out_by_hand():
    assert info_nce(V, T, TAU).item() == pytest.approx(0.5860281026013301, abs=1e-12)


def test_without_nouns_and_negatives_it_is_twice_info_nce():
    assert ego_nce_plus(Matches(V, T), TAU).item() == pytest.approx(2 * info_nce(V, T, TAU).item())


@given(st.integers(0, 2**31), st.permutations(range(5)))
def test_the_order_of_samples_does_not_matter(seed, order):
    matches = random_matches(seed)
    turned = Matches(matches.video[order], matches.text[order], matches.negatives[order], matches.nouns[order])
    assert ego_nce_plus(turned).item() == pytest.approx(ego_nce_plus(matches).item())


@given(st.integers(0, 2**31))
def test_hard_negatives_belong_to_their_sample(seed):
    matches = random_matches(seed)
    swapped = matches.negatives[[1, 0, 2, 3, 4]]
    own = video_to_text(matches.video, matches.text, matches.negatives, TAU)
    assert video_to_text(matches.video, matches.text, swapped, TAU).item() != pytest.approx(own.item(), abs=1e-9)


@given(st.integers(0, 2**31))
def test_more_negatives_cost_more(seed):
    matches = random_matches(seed)
    plain = video_to_text(matches.video, matches.text, None, TAU)
    assert video_to_text(matches.video, matches.text, matches.negatives, TAU) > plain


@given(st.integers(0, 2**31))
def test_where_all_share_a_noun_any_clip_will_do(seed):
    matches = random_matches(seed)
    everything = torch.ones(5, 5, dtype=torch.bool)
    assert text_to_video(matches.video, matches.text, everything, TAU).item() == pytest.approx(0)


def test_samples_without_nouns_are_their_own_positives():
    assert torch.equal(shares_noun(torch.zeros(3, 4)), torch.eye(3, dtype=torch.bool))


def test_small_temperatures_do_not_underflow():
    assert torch.isfinite(ego_nce_plus(Matches(V.float(), T.float(), G.float(), NOUNS), temperature=1e-3))
