"""Anticipation: recall worked out by hand, baselines that see no future, TRN on generated features."""

import numpy as np
import pytest

from annexe_ros.procedures.anticipation.baseline import AfterLast, Frequency, last_actions
from annexe_ros.procedures.anticipation.lists import AnticipationRow
from annexe_ros.procedures.anticipation.metric import top_recalls
from annexe_ros.procedures.generated import noisy_features, prototypes


def row(start, end, *labels, video="u"):
    return AnticipationRow(video, start, end, labels)


def test_recalls_worked_out_by_hand():
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 3.0, 2.0]])
    labels = [(0,), (0, 1), (1, 1)]
    # Best two: {0, 1}, {0, 2}, {1, 2}. Class 0: 2 of 2, class 1: 1 of 2, class 2: none true.
    assert top_recalls(scores, labels, top=2) == pytest.approx(
        {"class_mean": 75, "micro": 75, "sample": 100 * (1 + 0.5 + 1) / 3}
    )


def test_of_equal_scores_the_first_count():
    assert top_recalls(np.zeros((1, 4)), [(3,)], top=3)["class_mean"] == 0
    assert top_recalls(np.zeros((1, 4)), [(2,)], top=3)["class_mean"] == 100


def test_the_last_action_is_one_that_had_ended_a_second_before():
    rows = [row(0, 2, 1), row(2.5, 4, 2), row(3, 5, 3), row(5, 6, 4), row(9, 10, 5, video="v")]
    assert last_actions(rows, rows) == [(), (), (1,), (2,), ()]
    assert last_actions(rows, rows[2:3]) == [(), (), (), (), ()]
    assert last_actions([row(7, 8, 0)], rows) == [(4,)]


def test_what_follows_is_learnt():
    train = [row(10 * k, 10 * k + 5, k % 3) for k in range(60)]
    test = [row(0, 5, 1, video="t"), row(10, 15, 2, video="t")]
    scores = AfterLast(train, 4).scores(test)
    assert scores[1].argmax() == 2
    assert (Frequency(train, 4).scores(test) == [[1 / 3, 1 / 3, 1 / 3, 0]] * 2).all()


@pytest.mark.model
class TestRelationNetwork:
    """The network and what it is fed."""

    def test_context_is_two_seconds_one_second_before(self):
        from annexe_ros.procedures.anticipation.trn import context_features

        features = np.arange(100, dtype=np.float32)[:, None]
        context = context_features(features, 5.0, row(10.1, 12, 0))
        assert context[:, 0] == pytest.approx(5 * np.array([7.1, 7.6, 8.1, 8.6, 9.1]), abs=1e-4)
        assert context_features(features, 5.0, row(2.9, 4, 0)) is None
        assert context_features(features, 5.0, row(25, 26, 0)) is None

    @pytest.mark.parametrize("exclusive", [False, True])
    def test_it_learns_what_follows_generated_features(self, exclusive):
        from annexe_ros.procedures.anticipation.trn import TrnSettings, train_trn

        rng = np.random.default_rng(0)
        classes = prototypes(8, 24, rng)

        def drawn(count):
            seen = rng.integers(8, size=count)
            frames = noisy_features(np.repeat(seen, 5), classes, 0.7, rng).reshape(count, 5, 24)
            return frames, [((k + 1) % 8, (k + 3) % 8) for k in seen]

        settings = TrnSettings(8, 24, 32, epochs=12, batch=16, learning_rate=0.02, exclusive=exclusive)
        model = train_trn(*drawn(240), settings)
        frames, labels = drawn(100)
        assert top_recalls(model.scores(frames), labels, top=2)["class_mean"] > 85

    def test_the_losses(self):
        import torch

        from annexe_ros.procedures.anticipation.trn import anticipation_loss

        logits, targets = torch.zeros(1, 4), torch.tensor([[1.0, 1.0, 0.0, 0.0]])
        assert float(anticipation_loss(logits, targets)) == pytest.approx(4 * np.log(2))
        assert float(anticipation_loss(logits, targets, exclusive=True)) == pytest.approx(2 * np.log(4))
