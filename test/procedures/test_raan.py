"""RAAN on clips with a latent skill, and its loss worked out by hand."""

import numpy as np
import pytest

from annexe_ros.procedures.skill.evaluate import pair_accuracy

pytestmark = pytest.mark.model


def test_it_ranks_clips_by_a_skill_that_a_part_of_them_shows():
    from annexe_ros.procedures.skill.raan import RaanSettings, train_raan

    rng = np.random.default_rng(0)
    skill = rng.normal(size=60)
    shown = rng.normal(size=(2, 12)).astype(np.float32)
    clips = rng.normal(0, 0.2, (60, 10, 12)).astype(np.float32)
    clips[:, 3:6] += np.float32(0.3) * skill[:, None, None].astype(np.float32) * shown[0] + shown[1]
    pairs = [(a, b) if skill[a] > skill[b] else (b, a) for a, b in rng.integers(60, size=(400, 2)) if a != b]
    train = [pair for pair in pairs if max(pair) < 40]
    test = [pair for pair in pairs if min(pair) >= 40]
    settings = RaanSettings(12, 16, epochs=16, batch=16, score_rate=3e-3, attention_rate=1e-2)
    scores = train_raan(clips, train, settings).scores(clips)
    assert len(test) > 20
    assert pair_accuracy([scores[a] for a, _ in test], [scores[b] for _, b in test]) > 0.85


def test_the_loss_worked_out_by_hand():
    import torch

    from annexe_ros.procedures.skill.raan import raan_loss

    # One pair, two filters; gaps: uniform .5, better (.6, .2), worse (.7, .9). Attention: two frames.
    better = torch.tensor([[[0.5, 0.5], [0.6, 0.4], [0.7, 0.9]]])
    worse = torch.tensor([[[0.0, 0.0], [0.0, 0.2], [0.0, 0.0]]])
    alike = torch.full((1, 2, 2, 2), 0.5)  # A A^T - I = (-.5, .5; .5, -.5), of norm 1, in two branches of two clips
    ranking = (1 - 0.5) + (1 - 0.4) + (1 - 0.8)
    disparity = (0.05 + 0.5 - 0.2) + 0.0
    aware = 0.15 + 0.5 - (0.5 - 0.0)
    expected = ranking + disparity + aware + 0.1 * 4
    assert float(raan_loss((better, alike), (worse, alike))) == pytest.approx(expected)


def test_attention_is_a_share_of_the_frames():
    import torch

    from annexe_ros.procedures.skill.raan import Raan, RaanSettings

    scores, weights = Raan(RaanSettings(6, 4)).eval()(torch.randn(2, 10, 6))
    assert scores.shape == (2, 3, 3)
    assert weights.shape == (2, 2, 3, 10)
    assert torch.allclose(weights.sum(dim=3), torch.ones(2, 2, 3))
    assert bool((scores.abs() <= 2).all())
