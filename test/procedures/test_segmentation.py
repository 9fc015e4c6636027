"""Segmentation: the metrics against values worked out by hand, and MS-TCN on generated features."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.procedures.generated import noisy_features, prototypes, step_sequence
from annexe_ros.procedures.segmentation.baseline import StepByTime
from annexe_ros.procedures.segmentation.metric import segmentation_scores, segments

TRUE = np.repeat([1, 2, 3], 10)
PREDICTED = np.repeat([1, 2, 1, 2, 3], [8, 6, 2, 5, 9])
VIDEO = st.lists(st.integers(0, 3), min_size=1, max_size=30).map(np.array)


def test_the_golden_values():
    # Frames: 8 + 4 + 4 + 9 = 25 of 30. Segments 1 2 1 2 3 for 1 2 3: two deletions of five. IoUs of the predicted
    # segments: 8/10, 4/12 (frames 10..14 of 8..20), -, 4/11, 9/10; of the two for step 2 only one can count.
    scores = segmentation_scores([PREDICTED], [TRUE])
    assert scores == pytest.approx({"acc": 250 / 3, "edit": 60, "f1_10": 75, "f1_25": 75, "f1_50": 50})


def test_accuracy_and_f1_are_over_all_videos_and_edit_is_the_mean():
    scores = segmentation_scores([PREDICTED, np.array([5, 5])], [TRUE, np.array([5, 6])])
    assert scores["acc"] == pytest.approx(100 * 26 / 32)
    assert scores["edit"] == pytest.approx((60 + 50) / 2)
    assert scores["f1_50"] == pytest.approx(100 * 2 * 3 / (5 + 1 + 3 + 2))


@given(VIDEO)
def test_a_perfect_prediction_has_100(video):
    assert set(segmentation_scores([video], [video]).values()) == {100.0}


@given(VIDEO, st.data())
def test_no_score_leaves_its_range_and_thresholds_order_f1(video, data):
    guess = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(video), max_size=len(video))))
    scores = segmentation_scores([guess], [video])
    assert all(0 <= score <= 100 for score in scores.values())
    assert scores["f1_10"] >= scores["f1_25"] >= scores["f1_50"]


@given(VIDEO)
def test_segments_cover_the_video(video):
    rebuilt = np.concatenate([np.full(end - start, label) for label, start, end in segments(video)])
    assert (rebuilt == video).all()


def test_the_step_of_that_time_is_learnt():
    videos = [np.repeat([3, 4], [10, 10]), np.repeat([3, 5], [20, 20]), np.repeat([3, 5], [30, 30])]
    assert StepByTime(videos, bins=2).predict(6).tolist() == [3, 3, 3, 5, 5, 5]
    assert StepByTime(videos, bins=1).predict(3).tolist() == [3, 3, 3]


def nearest_prototypes(folder, features):
    """Return the scores of one who looks at single frames only."""
    from annexe_ros.procedures.segmentation.from_features import stretched
    from annexe_ros.procedures.segmentation.steps import read_frame_labels

    true = read_frame_labels(folder, ("v9", "v10", "v11"))
    classes = np.load(folder / "classes.npy")
    guesses = [stretched((features.video(uid)[:, :16] @ classes.T).argmax(axis=1), len(true[uid])) for uid in true]
    return segmentation_scores(guesses, list(true.values()))


@pytest.mark.model
class TestMsTcn:
    """The network, small."""

    @staticmethod
    def settings(**changes):
        from annexe_ros.procedures.segmentation.mstcn import MsTcnSettings

        small = {"maps": 16, "layers": 5, "stages": 2, "dropout": 0.1, "epochs": 12, "learning_rate": 5e-3}
        return MsTcnSettings(**{**small, **changes})

    @pytest.fixture
    def folder(self, tmp_path):
        """Twelve videos as they are published: labels at 25 a second, features of CLIP's width at five."""
        import torch

        rng = np.random.default_rng(0)
        classes = prototypes(5, 16, rng)
        for number in range(12):
            steps = step_sequence(5, 6, 10, 30, rng)
            frames = noisy_features(steps, classes, 1.5, rng)
            torch.save(torch.from_numpy(np.pad(frames, ((0, 0), (0, 768 - 16)))), tmp_path / f"v{number}.pt")
            (tmp_path / f"v{number}.txt").write_text("\r\n".join(map(str, np.repeat(steps, 5)[:-12])))
        for name, videos in (("train", range(9)), ("test", range(9, 12))):
            (tmp_path / f"{name}.bundle").write_text("\r\n".join(f"v{number}.txt" for number in videos))
        np.save(tmp_path / "classes", classes)
        return tmp_path

    @pytest.mark.parametrize("causal", [False, True])
    def test_it_learns_generated_procedures_from_their_files(self, folder, causal):
        from annexe_ros.procedures.features import FeatureFolder
        from annexe_ros.procedures.segmentation.from_features import SegmentationTask

        features, test = FeatureFolder(folder), [folder / "test.bundle"]
        task = SegmentationTask(features, folder, self.settings(causal=causal))
        scores = task.measure(task.learn([folder / "train.bundle"], test), test)
        nearest = nearest_prototypes(folder, features)
        assert scores["acc"] > 80
        assert scores["f1_50"] > nearest["f1_50"] + 20

    def test_only_the_causal_one_ignores_the_future(self):
        import torch

        from annexe_ros.procedures.segmentation.mstcn import MsTcn

        features = torch.randn(1, 16, 40)
        changed = features.clone()
        changed[:, :, 20:] += 5
        for causal in (True, False):
            torch.manual_seed(0)
            model = MsTcn(self.settings(causal=causal, width=16)).eval()
            same = torch.allclose(model(features)[..., :20], model(changed)[..., :20], atol=1e-5)
            assert same is causal

    def test_the_loss_is_cross_entropy_and_smoothing_of_every_stage(self):
        import torch

        from annexe_ros.procedures.segmentation.mstcn import segmentation_loss

        logits = torch.log(torch.tensor([[[[0.5, 0.25], [0.5, 0.75]]]]))
        cross_entropy = -(np.log(0.5) + np.log(0.75)) / 2
        smoothing = (np.log(0.25 / 0.5) ** 2 + np.log(0.75 / 0.5) ** 2) / 2
        loss = segmentation_loss(logits.repeat(2, 1, 1, 1), torch.tensor([[0, 1]]))
        assert float(loss) == pytest.approx(2 * (cross_entropy + 0.15 * smoothing), rel=1e-5)

    def test_lengths_are_cut_to_the_shorter(self):
        from annexe_ros.procedures.segmentation.mstcn import same_length

        features, labels = same_length(np.zeros((5, 2), np.float32), np.arange(7))
        assert (len(features), labels.tolist()) == (5, [0, 1, 2, 3, 4])
