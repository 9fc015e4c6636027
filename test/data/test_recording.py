import json

import cv2
import numpy as np
import pytest

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.recording import SCENE_INTERVAL_NS, Recording, write_index

CAMERA = PinholeCamera(8, 6, 10.0, 10.0, 4.0, 3.0)


def put_images(root, *ids, depth=True):
    for folder in ("RGB", "depth"):
        (root / folder).mkdir(exist_ok=True)
    for id_ in ids:
        cv2.imwrite(str(root / "RGB" / f"{id_}.jpg"), np.full((6, 8, 3), (0, 0, 255), np.uint8))
        if depth:
            cv2.imwrite(str(root / "depth" / f"{id_}.png"), np.full((6, 8), 1250, np.uint16))


def test_a_written_recording_is_read_back(tmp_path):
    put_images(tmp_path, "a", "b")
    write_index(tmp_path, "camera", CAMERA, {"a": 0, "b": 100_000_000})
    recording = Recording.open(tmp_path)
    frame = recording.read(recording.frames[1])
    assert (frame.frame_id, frame.stamp_ns, frame.camera) == ("camera", 100_000_000, CAMERA)
    assert frame.image[0, 0, 0] > 200 > frame.image[0, 0, 2]
    assert np.allclose(frame.depth, 1.25)
    assert recording.timeline.duration_ns == 200_000_000


def test_a_folder_of_scenes_is_a_recording_without_index(tmp_path):
    put_images(tmp_path, "b", "a", depth=False)
    (tmp_path / "scene").mkdir()
    camera = {"width": 8, "height": 6, "fx": 10, "fy": 10, "cx": 4, "cy": 3}
    (tmp_path / "scene" / "a.json").write_text(json.dumps({"camera": camera}))
    recording = Recording.open(tmp_path)
    assert [(entry.id, entry.stamp_ns) for entry in recording.frames] == [("a", 0), ("b", SCENE_INTERVAL_NS)]
    assert [entry.camera for entry in recording.frames] == [CAMERA, None]
    assert recording.read(recording.frames[0]).depth is None


def test_a_single_frame_can_be_looped(tmp_path):
    put_images(tmp_path, "a")
    assert Recording.open(tmp_path).timeline.duration_ns == SCENE_INTERVAL_NS


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        ("{", "is not the index"),
        ('{"frame_id": "c", "frames": []}', "is not the index"),
        (json.dumps({"frame_id": "c", "camera": vars(CAMERA), "frames": []}), "has no frame"),
        (
            json.dumps({"frame_id": "c", "camera": vars(CAMERA), "frames": [{"id": "a", "stamp_ns": 5}] * 2}),
            "don't rise",
        ),
    ],
)
def test_a_bad_index_is_refused(tmp_path, index, sentence):
    put_images(tmp_path, "a")
    (tmp_path / "recording.json").write_text(index)
    with pytest.raises(DatasetFormatError, match=sentence):
        Recording.open(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DatasetFormatError, match="neither a recording"):
        Recording.open(tmp_path / "nowhere")


def test_images_of_another_size_than_the_camera_are_refused(tmp_path):
    put_images(tmp_path, "a")
    write_index(tmp_path, "camera", PinholeCamera(4, 4, 1.0, 1.0, 2.0, 2.0), {"a": 0})
    recording = Recording.open(tmp_path)
    with pytest.raises(DatasetFormatError, match="frame 'a'"):
        recording.read(recording.frames[0])
