import json

import cv2
import numpy as np
import pytest

from annexe_ros.core import Hands, Role
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.recording import Recording
from annexe_ros.data.scenes import dataset, film
from annexe_ros.data.scenes.combos import is_held_out
from annexe_ros.data.scenes.dataset import generate, render_scene, scene_id
from annexe_ros.data.scenes.film import sway, write_recording
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.scenes.truth import SceneTruth
from annexe_ros.data.scenes.viewpoint import sample_viewpoint

pytestmark = pytest.mark.gl
FOLDERS = ("RGB/{}.jpg", "depth/{}.png", "mask/{}.png", "scene/{}.json", "dataset_split/test/{}.json")
SCENES = 6


@pytest.fixture(scope="module")
def rendered():
    renderer = Renderer(320, 240)
    yield [render_scene(renderer, 5, index, 320, 240, depth_noise=False) for index in range(SCENES)]
    renderer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("scenes")
    generate(out, 3, 41, "test")
    return out


def contents(root, name):
    return [(root / pattern.format(name)).read_bytes() for pattern in FOLDERS]


def test_masks_and_truth_agree(rendered):
    for scene in rendered:
        assert scene.image.shape == (240, 320, 3)
        assert sorted(set(np.unique(scene.mask)) - {0}) == [item.index for item in scene.truth.instances]
        for item in scene.truth.instances:
            assert item.visible_pixels == (scene.mask == item.index).sum()
            assert 40 <= item.visible_pixels <= item.full_pixels
            assert 0 <= item.hidden_by_hand <= 1


def test_touched_objects_are_in_bounds_and_hands_say_what_they_touch(rendered):
    for scene in rendered:
        objects = {item.label: item for item in scene.truth.instances if item.role is Role.OBJECT}
        for item in objects.values():
            if item.touched_by:
                assert 0.003 < item.visible_pixels / scene.mask.size < 0.15
        for hand in (item for item in scene.truth.instances if item.role is not Role.OBJECT):
            side = Hands.LEFT if hand.role is Role.LEFT_HAND else Hands.RIGHT
            assert all(bool(item.touched_by & side) == (item.label == hand.touches) for item in objects.values())


def test_depth_of_an_object_lies_within_its_box(rendered):
    checked = 0
    for scene in rendered:
        v, u = np.indices(scene.mask.shape)
        for item in scene.truth.instances:
            shown = scene.mask == item.index
            points = scene.truth.camera.deproject(u[shown], v[shown], scene.depth[shown] / 1000)
            local = (points - item.center) @ np.array(item.rotation)
            outside = np.abs(local) - np.array(item.size) / 2
            assert np.percentile(outside.max(axis=1), 90) < 0.008
            checked += 1
    assert checked > 20


def test_the_centre_of_an_unoccluded_object_projects_into_its_outline(rendered):
    for scene in rendered:
        for item in scene.truth.instances:
            if item.role is Role.OBJECT and item.visible_pixels > 0.98 * item.full_pixels:
                u, v = scene.truth.camera.project(np.array([item.center]))[0]
                rows, columns = np.nonzero(scene.mask == item.index)
                if rows.min() > 3 and rows.max() < 236 and columns.min() > 3 and columns.max() < 316:
                    assert columns.min() - 2 <= u <= columns.max() + 2
                    assert rows.min() - 2 <= v <= rows.max() + 2


def test_depth_noise_opens_holes_and_stays_near_the_truth():
    renderer = Renderer(160, 120)
    clean, noisy = (render_scene(renderer, 6, 0, 160, 120, depth_noise=noise) for noise in (False, True))
    renderer.close()
    known = (clean.depth > 0) & (noisy.depth > 0)
    assert (noisy.depth == 0).sum() > (clean.depth == 0).sum()
    error = np.abs(clean.depth[known].astype(float) - noisy.depth[known])
    assert 0 < np.median(error) < 10
    assert np.array_equal(clean.mask, noisy.mask)


def test_unseen_scenes_show_held_out_touches_only():
    renderer = Renderer(160, 120)
    truths = [render_scene(renderer, 8, index, 160, 120, unseen=True).truth for index in range(3)]
    renderer.close()
    touches = [
        (item.touches, Hands.LEFT if item.role is Role.LEFT_HAND else Hands.RIGHT, truth.surface)
        for truth in truths
        for item in truth.instances
        if item.touches
    ]
    assert touches
    assert all(is_held_out(*touch) for touch in touches)


def test_every_scene_has_its_five_files(folder):
    for index in range(3):
        name = scene_id(41, index)
        mask = cv2.imread(str(folder / f"mask/{name}.png"), cv2.IMREAD_UNCHANGED)
        depth = cv2.imread(str(folder / f"depth/{name}.png"), cv2.IMREAD_UNCHANGED)
        assert (mask.dtype, depth.dtype, mask.shape, depth.shape) == (np.uint8, np.uint16, (480, 640), (480, 640))
        truth = SceneTruth.from_json(json.loads((folder / f"scene/{name}.json").read_text()))
        assert truth.id == name
        assert json.loads((folder / f"dataset_split/test/{name}.json").read_text())


def test_a_begun_folder_is_continued(folder):
    name = scene_id(41, 1)
    before = contents(folder, name)
    kept = (folder / f"RGB/{scene_id(41, 0)}.jpg").stat().st_mtime_ns
    (folder / f"dataset_split/test/{name}.json").unlink()
    reports = []
    assert generate(folder, 3, 41, "test", progress=lambda done, count: reports.append((done, count))) == [
        scene_id(41, index) for index in range(3)
    ]
    assert reports == [(3, 3)]
    assert contents(folder, name) == before
    assert (folder / f"RGB/{scene_id(41, 0)}.jpg").stat().st_mtime_ns == kept


def test_scenes_do_not_depend_on_the_number_of_workers(folder, tmp_path):
    generate(tmp_path, 2, 41, "test", workers=2)
    for index in range(2):
        name = scene_id(41, index)
        assert contents(tmp_path, name) == contents(folder, name)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetFormatError, match="can't write a data set here"):
        generate(tmp_path / "file", 1, 0, "test")


def place_records(root, split, name):
    (root / "dataset_split" / split).mkdir(parents=True, exist_ok=True)
    (root / "dataset_split" / split / f"{name}.json").write_text("[]")


def test_a_seed_has_one_split_of_a_folder(tmp_path):
    place_records(tmp_path, "train", scene_id(0, 1))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatasetFormatError, match="has scenes of seed 0 in split train; choose another --seed or fold"):
        generate(tmp_path, 2, 0, "test")
    assert sorted(tmp_path.rglob("*")) == before
    place_records(tmp_path, "test", scene_id(7, 0))
    assert generate(tmp_path, 1, 7, "test") == [scene_id(7, 0)]


def test_a_seed_is_continued_as_it_was_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "spread", lambda *_: None)
    generate(tmp_path, 1, 3, "test", width=320)
    generate(tmp_path, 2, 3, "test", width=320)
    with pytest.raises(DatasetFormatError, match="seed 3 were begun with other unseen, width; choose another --seed"):
        generate(tmp_path, 1, 3, "test", unseen=True)
    generate(tmp_path, 1, 4, "test", unseen=True)


def test_scenes_of_before_such_jobs_go_on(tmp_path):
    place_records(tmp_path, "test", scene_id(3, 0))
    for width in (320, 640):
        assert generate(tmp_path, 1, 3, "test", width=width) == [scene_id(3, 0)]


def test_a_file_that_cannot_be_written_is_told(rectangle_dataset, tmp_path):
    truth = EgoIrgBench(rectangle_dataset, "test").truth("test_0")
    with pytest.raises(DatasetFormatError, match=r"test_0\.json: can't be written \(No such file"):
        dataset.write_records(tmp_path, "test", truth)


def test_a_film_is_a_recording_with_truth(tmp_path):
    write_recording(tmp_path, 41, 0, seconds=1.0, rate_hz=3.0, width=160, height=120)
    recording = Recording.open(tmp_path)
    assert [frame.stamp_ns for frame in recording.frames] == [0, 333_333_333, 666_666_667]
    truths = [
        SceneTruth.from_json(json.loads((tmp_path / f"scene/{frame.id}.json").read_text()))
        for frame in recording.frames
    ]
    assert truths[0].instances[0].center != truths[2].instances[0].center
    assert {item.label for item in truths[0].instances} >= {item.label for item in truths[2].instances}


def test_an_index_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(film, "render_sequence", lambda *_: ())
    (tmp_path / ".recording.json.part").mkdir()
    with pytest.raises(DatasetFormatError, match=r"recording\.json: can't be written"):
        write_recording(tmp_path, 41, 0, seconds=1.0, rate_hz=3.0)


def test_a_swaying_head_starts_at_the_view_and_stays_near_it():
    view = sample_viewpoint(np.random.default_rng(0), 320, 240, False)
    assert sway(view, 0.0).position == pytest.approx(view.position)
    for seconds in np.linspace(0, 10, 21):
        moved = sway(view, seconds)
        assert np.linalg.norm(moved.position - view.position) < 0.06
        assert np.trace(moved.rotation.T @ view.rotation) > 1 + 2 * np.cos(np.radians(5))


def test_a_mirrored_truth_fits_the_mirror_image(rendered):
    for scene in rendered:
        truth = scene.truth.mirrored()
        assert truth.mirrored() == scene.truth
        for item, mirrored in zip(scene.truth.instances, truth.instances, strict=True):
            (u, v), (mirrored_u, mirrored_v) = (
                each.camera.project(np.array([instance.center]))[0]
                for each, instance in ((scene.truth, item), (truth, mirrored))
            )
            assert (mirrored_u, mirrored_v) == pytest.approx((319 - u, v))
            assert np.linalg.det(mirrored.rotation) == pytest.approx(1, abs=1e-4)
            assert (item.role is Role.LEFT_HAND) == (mirrored.role is Role.RIGHT_HAND)
            assert (Hands.LEFT in item.touched_by) == (Hands.RIGHT in mirrored.touched_by)
