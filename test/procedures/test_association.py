"""Association: accuracy in both directions, and the dual encoder on generated views."""

import numpy as np
import pytest

from annexe_ros.procedures.association.metric import association_accuracy
from annexe_ros.procedures.association.questions import AssociationQuestion, Direction
from annexe_ros.procedures.generated import noisy_features, prototypes
from annexe_ros.procedures.narrations import Segment

VECTORS = {"x": [1.0, 0.0], "far x": [9.0, 1.0], "y": [0.0, 1.0], "far y": [0.0, 50.0]}


def clip(name):
    return Segment(name, "", 0, 1, "")


def question(direction, answer, query, *choices):
    return AssociationQuestion(clip(query), tuple(map(clip, choices)), answer, direction)


def test_embeddings_are_normalised_and_a_tie_is_wrong():
    asked = [
        question(Direction.EGO_TO_EXO, 0, "x", "far x", "far y"),
        question(Direction.EGO_TO_EXO, 1, "far x", "y", "x"),
        question(Direction.EXO_TO_EGO, 0, "y", "y", "far y"),
        question(Direction.EXO_TO_EGO, 1, "far x", "far y", "x"),
    ]
    found = association_accuracy(asked, lambda segment: np.array(VECTORS[segment.video]))
    assert found == {"ego_to_exo": 100, "exo_to_ego": 50, "mean": 75, "n": 4}


def test_a_direction_without_questions_is_left_out():
    asked = [question(Direction.EGO_TO_EXO, 0, "x", "x", "y")]
    found = association_accuracy(asked, lambda segment: np.array(VECTORS[segment.video]))
    assert found == {"ego_to_exo": 100, "mean": 100, "n": 1}


@pytest.mark.model
def test_text_brings_two_generated_views_together():
    from annexe_ros.procedures.association.dual_encoder import DualEncoderSettings, train_dual_encoder

    rng = np.random.default_rng(0)
    shown, told = prototypes(10, 24, rng), prototypes(10, 12, rng)
    turned = np.linalg.qr(rng.normal(size=(24, 24)))[0].astype(np.float32)

    def views(labels):
        ego, exo = (noisy_features(labels, shown, 0.3, rng) for _ in range(2))
        return ego, exo @ turned

    labels = rng.integers(10, size=600)
    video = np.concatenate(views(labels))
    text = np.concatenate([noisy_features(labels, told, 0.3, rng) for _ in range(2)])
    settings = DualEncoderSettings(24, 12, 64, 16, epochs=15, learning_rate=3e-3)
    model = train_dual_encoder(video, text, settings)
    ego, exo = views(np.arange(10))
    names = {f"{view}{k}": vector for view, given in (("ego", ego), ("exo", exo)) for k, vector in enumerate(given)}
    asked = [
        question(way, k, f"{a}{k}", *(f"{b}{j}" for j in range(10)))
        for way, a, b in ((Direction.EGO_TO_EXO, "ego", "exo"), (Direction.EXO_TO_EGO, "exo", "ego"))
        for k in range(10)
    ]
    raw = association_accuracy(asked, lambda segment: names[segment.video])
    learnt = association_accuracy(asked, lambda segment: model.embed(names[segment.video][None])[0])
    assert learnt["ego_to_exo"] >= 80
    assert learnt["exo_to_ego"] >= 80
    assert raw["mean"] < 50


@pytest.mark.model
def test_the_loss_is_that_of_both_directions():
    import torch

    from annexe_ros.procedures.association.dual_encoder import contrastive_loss

    similar = np.array([[2.0, 0.0], [1.0, 3.0]])
    rows = np.log(np.exp(similar).sum(axis=1)) - similar.diagonal()
    columns = np.log(np.exp(similar).sum(axis=0)) - similar.diagonal()
    assert float(contrastive_loss(torch.tensor(similar))) == pytest.approx((rows.mean() + columns.mean()) / 2)


@pytest.mark.model
def test_a_segment_has_at_least_a_second():
    from annexe_ros.procedures.association.dual_encoder import pooled_segment

    features = np.arange(50, dtype=np.float32)[:, None]
    assert pooled_segment(features, 5, 2.0, 4.0)[0] == np.arange(10, 20).mean()
    assert pooled_segment(features, 5, 2.0, 2.1)[0] == np.arange(10, 15).mean()
    assert pooled_segment(features, 5, 99.0, 99.5)[0] == 49
