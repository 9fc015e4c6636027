"""Feature files and gaze files: what is taken, and what is refused because it could mean something else."""

import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.gaze_files import read_gaze

FRAMES, WIDTH, HEIGHT = 100, 320, 240


@pytest.fixture
def gaze_file(tmp_path):
    def write(array):
        np.save(tmp_path / "u.npy", array)
        return tmp_path / "u.npy"

    return write


def normalised(rows=FRAMES):
    return np.random.default_rng(0).uniform(0.1, 0.9, (rows, 2))


@pytest.mark.parametrize("scale", [(1, 1), (WIDTH, HEIGHT)])
def test_normalised_and_pixel_gaze_are_told_apart(gaze_file, scale):
    track = read_gaze(gaze_file(normalised() * scale), FRAMES, WIDTH, HEIGHT)
    assert track.points == pytest.approx(normalised() * (WIDTH, HEIGHT))
    assert track.valid.all()


def test_invalid_points_are_marked(gaze_file):
    rows = np.column_stack([normalised(), np.ones(FRAMES)])
    rows[0, 0], rows[1, 1], rows[2, 2], rows[3, 2] = np.nan, 1.5, 0.2, np.nan
    assert np.flatnonzero(~read_gaze(gaze_file(rows), FRAMES, WIDTH, HEIGHT).valid).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (normalised(90), "90 rows for a video of 100 frames"),
        (normalised().T, "is \\(2, 100\\)"),
        (np.column_stack([normalised(), normalised()]), "is \\(100, 4\\)"),
        (np.full((FRAMES, 2), np.nan), "no finite value"),
        (normalised() * 1.6, "normalised or in pixels"),
        (normalised() * 4000, "most points lie outside"),
        (np.column_stack([normalised(), np.arange(FRAMES)]), "not a confidence"),
        (np.array(["a", "b"]), "numbers"),
        (np.array([{}], dtype=object), "is not an array"),
    ],
)
def test_gaze_that_could_be_meant_otherwise_is_refused(gaze_file, array, why):
    with pytest.raises(DatasetFormatError, match=why):
        read_gaze(gaze_file(array), FRAMES, WIDTH, HEIGHT)


@pytest.mark.model
def test_features_of_videos(tmp_path):
    import torch

    from annexe_ros.procedures.features import read_clip_features, read_i3d_features, read_video_features

    def save(shape):
        torch.save(torch.ones(shape), tmp_path / "u.pt")
        return tmp_path / "u.pt"

    assert read_clip_features(save((7, 768))).shape == (7, 768)
    assert read_video_features(save((7, 768)))[0] == "CLIP"
    assert read_i3d_features(save((7, 1024, 3))).shape == (7, 1024)
    assert read_video_features(save((7, 1024)))[0] == "I3D"
    for shape in ((7, 512), (0, 768), (768,), (7, 1024, 0)):
        with pytest.raises(DatasetFormatError, match="features are"):
            read_video_features(save(shape))
    torch.save(torch.full((7, 768), torch.nan), tmp_path / "u.pt")
    with pytest.raises(DatasetFormatError, match="finite"):
        read_clip_features(tmp_path / "u.pt")


@pytest.mark.model
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_what_is_no_tensor_is_refused_without_being_unpickled(tmp_path):
    import pickle

    import torch

    from annexe_ros.procedures.features import read_video_features

    path = tmp_path / "u.pt"
    for content in (b"", b"nonsense", pickle.dumps(print)):
        path.write_bytes(content)
        with pytest.raises(DatasetFormatError, match="not a saved tensor"):
            read_video_features(path)
    torch.save({"features": torch.ones(7, 768)}, path)
    with pytest.raises(DatasetFormatError, match="holds a dict"):
        read_video_features(path)


@pytest.mark.model
def test_features_of_skill_clips(tmp_path):
    from annexe_ros.procedures.features import read_skill_features

    path = tmp_path / "13_u_0_9.npz"
    np.savez(path, np.ones((1, 10, 768)))
    assert read_skill_features(path).shape == (10, 768)
    for arrays in ({"arr_0": np.ones((1, 9, 768))}, {"other": np.ones(1)}, {"arr_0": np.array([{}], dtype=object)}):
        np.savez(path, **arrays)
        with pytest.raises(DatasetFormatError, match="arr_0"):
            read_skill_features(path)
    path.write_bytes(b"PK nonsense")
    with pytest.raises(DatasetFormatError, match=r"not an \.npz"):
        read_skill_features(path)


@pytest.mark.model
def test_a_folder_of_features_is_known_by_names_and_read_at_five_a_second(tmp_path):
    import torch

    from annexe_ros.procedures.features import FeatureFolder

    (tmp_path / "deep").mkdir()
    torch.save(torch.arange(12.0)[:, None].expand(12, 1024).clone(), tmp_path / "deep" / "u.pt")
    torch.save(torch.ones(7, 768), tmp_path / "v.pt")
    folder = FeatureFolder(tmp_path)
    assert folder.video("u")[:, 0].tolist() == [0, 5, 10]
    assert folder.video("v", 768).shape == (7, 768)
    with pytest.raises(DatasetFormatError, match="has 1024 values a frame, the model takes 768"):
        folder.video("u", 768)
    with pytest.raises(DatasetFormatError, match="lacks the features of 2, the first being w"):
        folder.require(["u", "w", "x"])
    with pytest.raises(DatasetFormatError, match=r"without \.npz files"):
        FeatureFolder(tmp_path, ".npz")
    torch.save(torch.ones(7, 768), tmp_path / "u.pt")
    with pytest.raises(DatasetFormatError, match="name a folder of one kind"):
        FeatureFolder(tmp_path)


@pytest.mark.model
def test_skill_clips_of_a_folder_have_one_width(tmp_path):
    from annexe_ros.procedures.features import FeatureFolder

    np.savez(tmp_path / "a.npz", np.ones((1, 10, 768)))
    np.savez(tmp_path / "b.npz", np.ones((1, 10, 1024)))
    folder = FeatureFolder(tmp_path, ".npz")
    assert folder.clips(["a"], 768).shape == (1, 10, 768)
    for names, width in ((["a", "b"], None), (["a"], 1024)):
        with pytest.raises(DatasetFormatError, match="values a moment"):
            folder.clips(names, width)
