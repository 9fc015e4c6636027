"""Annotating recordings of every kind: killed and continued, with broken frames, as table, MCAP and training set."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")
import pyarrow.parquet as pq
from mcap.reader import make_reader

from annexe_ros.core import Frame, PinholeCamera, Query
from annexe_ros.core.errors import BadImageError, DatasetFormatError, EngineError, MissingDependencyError
from annexe_ros.data.annotation.annotator import Ending
from annexe_ros.data.annotation.bag_frames import typestore
from annexe_ros.data.annotation.job import annotate
from annexe_ros.data.annotation.parts import read_part
from annexe_ros.data.annotation.plan import AnnotationPlan, Labels
from annexe_ros.data.annotation.sources import DEFAULT_TOPICS, open_frames
from annexe_ros.data.annotation.training_set import frame_records, wordings_of
from annexe_ros.data.bag_writer import BagWriter
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.recording import Recording, write_index
from annexe_ros.evaluation.runner import evaluate
from annexe_ros.evaluation.stored import evaluate_stored
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget

QUERIES = (wordings_of("What is held? | what do I hold"), wordings_of("Segment the mug."))
CAMERA = PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5)


def picture(number):
    image = np.full((48, 64, 3), 40 + 20 * number, np.uint8)
    image[:, :10, 0] = 250
    return image


@pytest.fixture
def images(tmp_path):
    """A folder of three images, the second of which is broken."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"view_{number}.png"), picture(number))
    (folder / "view_1.png").write_bytes((folder / "view_1.png").read_bytes()[:60])
    return folder


@pytest.fixture
def recording(tmp_path):
    """A recording of ours with depth and intrinsics."""
    root = tmp_path / "recording"
    for folder in ("RGB", "depth"):
        (root / folder).mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(root / "RGB" / f"v{number}.jpg"), picture(number))
        cv2.imwrite(str(root / "depth" / f"v{number}.png"), np.full((48, 64), 600, np.uint16))
    write_index(root, "head_camera", CAMERA, {f"v{number}": number * 100 for number in range(3)})
    return root


def header(types, stamp_ns):
    stamp = types.types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return types.types["std_msgs/msg/Header"](stamp=stamp, frame_id="head_camera")


def image_message(types, stamp_ns, pixels, encoding, padding=0):
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    return types.types["sensor_msgs/msg/Image"](
        header(types, stamp_ns), *pixels.shape[:2], encoding, 0, rows.shape[1], rows.ravel()
    )


def camera_message(types, stamp_ns):
    k = np.array([60.0, 0, 31.5, 0, 60.0, 23.5, 0, 0, 1])
    roi = types.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return types.types["sensor_msgs/msg/CameraInfo"](
        header(types, stamp_ns), 48, 64, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), np.zeros(12), 0, 0, roi
    )


@pytest.fixture
def bag(tmp_path):
    """A bag of three images with depth; camera_info came once, and the third image says more than it has."""
    types, path = typestore(), tmp_path / "run.mcap"
    writer, numbers = BagWriter(path), {}

    def add(topic, message, stamp_ns):
        kind = message.__msgtype__
        if topic not in numbers:
            numbers[topic] = writer.add_topic(topic, kind, types.generate_msgdef(kind, ros_version=2)[0])
        writer.add(numbers[topic], bytes(types.serialize_cdr(message, kind)), stamp_ns)

    add("/camera_info", camera_message(types, 1_000), 1_000)
    for number in range(3):
        stamp_ns = 1_000 + number
        message = image_message(types, stamp_ns, picture(number)[..., ::-1], "rgb8", padding=3)
        message.height += 50 * (number == 2)
        add("/image", message, stamp_ns)
        add("/depth", image_message(types, stamp_ns, np.full((48, 64), 600, np.uint16), "16UC1"), stamp_ns)
    writer.close()
    return path


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(4):
        writer.write(picture(number))
    writer.release()
    return path


def run(recording, out, engine=ScriptedEngine, **settings):
    settings = {"queries": QUERIES, "engine": "scripted"} | settings
    return annotate(AnnotationPlan(recording, out, **settings), engine)


def ids(path, **settings):
    source = open_frames(path, DEFAULT_TOPICS, **settings)
    source.close()
    return [entry.id for entry in source.entries]


def test_frames_of_a_bag_have_depth_and_the_camera_that_was_told_once(bag):
    source = open_frames(bag, DEFAULT_TOPICS)
    frame = source.read(source.entries[1])
    np.testing.assert_array_equal(frame.image, picture(1)[..., ::-1])
    assert np.allclose(frame.depth, 0.6)
    assert (frame.camera, frame.stamp_ns, frame.frame_id) == (
        PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5), 1001, "head_camera",
    )  # fmt: skip
    with pytest.raises(BadImageError, match="doesn't fit its"):
        source.read(source.entries[2])
    source.close()


def test_frames_of_a_video_can_be_read_in_any_order(video):
    source = open_frames(video, DEFAULT_TOPICS)
    seen = [int(source.read(source.entries[number]).image[24, 40, 0]) for number in (2, 0, 3)]
    assert np.allclose(seen, [80, 40, 100], atol=6)
    assert [entry.stamp_ns for entry in source.entries] == [0, 10**8, 2 * 10**8, 3 * 10**8]
    source.close()


def test_broken_frames_are_skipped_and_listed(images, tmp_path):
    out = tmp_path / "out"
    summary = run(images, out)
    assert [outcome.id for outcome in summary.ended(Ending.DONE)] == ["view_0", "view_2"]
    listed = json.loads((out / "skipped.json").read_text())
    assert [item["id"] for item in listed["skipped"]] == ["view_1"]
    assert "not an image that OpenCV can read" in listed["skipped"][0]["why"]


def test_the_table_has_a_row_per_frame_and_query(recording, tmp_path):
    run(recording, tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "annotations.parquet").to_pylist()
    assert [(row["id"], row["query"]) for row in table[:3]] == [
        ("v0", "What is held?"), ("v0", "Segment the mug."), ("v1", "What is held?"),
    ]  # fmt: skip
    assert len(table) == 6
    found = table[0]["objects"][0]
    assert (found["label"], found["box"], found["area"]) == ("mug", [24, 18, 16, 12], 192)
    np.testing.assert_allclose(found["box3d"]["center"][2], 0.6, atol=0.02)


def test_a_part_is_read_as_it_was_written(recording, tmp_path):
    run(recording, tmp_path / "out")
    part = read_part(tmp_path / "out" / "parts" / "v1.parquet")
    assert (part.id, part.index, part.stamp_ns, part.camera) == ("v1", 1, 100, CAMERA)
    expected = ScriptedEngine().interpret(Frame(picture(1)), Query(QUERIES[0][0]))
    np.testing.assert_array_equal(part.replies[0].label_image, expected.label_image)
    assert part.replies[0].objects[0].box3d.rotation.shape == (3, 3)


@pytest.mark.parametrize("kind", ["recording", "bag", "video", "images"])
def test_what_is_written_is_a_training_set(kind, request, tmp_path):
    out = tmp_path / "out"
    run(request.getfixturevalue(kind), out)
    dataset = EgoIrgBench(out, "train")
    assert len(dataset) == {"recording": 3, "bag": 2, "video": 4, "images": 2}[kind]
    for id_ in dataset.ids:
        records, mask = dataset.masked_records(id_)
        assert records[0].questions[:2] == ("What is held?", "what do I hold")
        assert all(len(set(record.questions)) > 1 for record in records)
        assert records[0].caption == "The right hand holds a white mug over the table."
        assert [record.targets for record in records] == [("mug",)] * 3
        assert mask.shape == dataset.image(id_).shape[:2] == dataset.depth(id_).shape
        assert np.isfinite(dataset.depth(id_)).any() == (kind in ("recording", "bag"))


@pytest.mark.parametrize("kind", ["recording", "bag", "video"])
def test_the_mcap_has_what_a_person_looks_at(kind, request, tmp_path):
    out = tmp_path / "out"
    run(request.getfixturevalue(kind), out)
    types, count = typestore(), {}
    with (out / "annotations.mcap").open("rb") as stream:
        for schema, channel, message in make_reader(stream).iter_messages():
            read = types.deserialize_cdr(message.data, schema.name)
            count[channel.topic] = count.get(channel.topic, 0) + 1
            if channel.topic == "/annexe/query_1/markers":
                boxes = [marker for marker in read.markers if marker.action == 0]
                assert len(boxes) == (kind != "video")
            if channel.topic.endswith("compressed"):
                assert cv2.imdecode(read.data, cv2.IMREAD_COLOR) is not None
    frames = {"recording": 3, "bag": 2, "video": 4}[kind]
    assert set(count.values()) == {frames}
    assert {"/image/compressed", "/annexe/query_2/overlay/compressed", "/annexe/query_1/mask"} <= count.keys()
    assert ("/depth" in count) == ("/camera_info" in count) == (kind != "video")


def reply(*targets):
    """Return a reply whose targets are (label, box, score)."""
    script = ScriptedReply("The hand holds a mug.", tuple(ScriptedTarget(n, box, score=s) for n, box, s in targets))
    return ScriptedEngine(Script(otherwise=script)).interpret(Frame(picture(0)), Query("?"))


LEFT, RIGHT, SMALL = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0), (0.55, 0.1, 0.2, 0.2)


def records_of(*replies, **options):
    records, mask = frame_records("x", replies, [("Which?",)] * len(replies), **options)
    asked = [record for record in records if record["questions"][0]["query"] == "Which?"]
    return [(record["answer"], record["masks_idx"]) for record in asked], mask


def test_one_mask_holds_the_objects_of_all_replies():
    first = reply(("mug", LEFT, 1.0), ("right hand", RIGHT, 1.0))
    second = reply(("right hand", RIGHT, 1.0), ("mug", SMALL, 1.0))  # another mug, whose place the hand has
    records, mask = records_of(first, reply(("mug", LEFT, 1.0)), second, reply())
    assert records == [
        ("mug and right hand", [1, 2, 0, 0]), ("mug", [1, 0, 0, 0]), ("There is no suitable target.", [0, 0, 0, 0]),
    ]  # fmt: skip
    assert (mask[:, :32] == 1).all()
    assert (mask[:, 32:] == 2).all()


def test_what_the_teacher_is_not_sure_of_does_not_teach():
    records, mask = records_of(reply(("mug", LEFT, 0.4)), reply(("bowl", RIGHT, 0.6)), min_score=0.5)
    assert records == [("bowl", [1, 0, 0, 0])]
    assert set(np.unique(mask)) == {0, 1}


def test_more_targets_than_slots_make_no_record():
    many = [(name, (0.2 * n, 0.0, 0.2, 1.0), 1.0) for n, name in enumerate(("mug", "cup", "bowl", "pan", "lid"))]
    assert records_of(reply(*many))[0] == []


def test_commands_are_put_in_several_ways():
    assert wordings_of("Find the mug. | mug") == (
        "Find the mug.", "mug", "Find the mug", "find the mug.", "Please find the mug.", "Can you find the mug?",
    )  # fmt: skip


class Mortal(ScriptedEngine):
    """An engine whose process is killed at the third query."""

    asked = 0

    def interpret(self, frame, query, progress=None):
        type(self).asked += 1
        if self.asked == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().interpret(frame, query)


def test_a_run_that_was_killed_goes_on(recording, tmp_path):
    out, asked = tmp_path / "out", []
    process = multiprocessing.get_context("spawn").Process(target=run, args=(recording, out, Mortal))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert [part.name for part in (out / "parts").glob("*.parquet")] == ["v0.parquet"]

    class Counting(ScriptedEngine):
        def interpret(self, frame, query, progress=None):
            asked.append(query.text)
            return super().interpret(frame, query)

    summary = run(recording, out, Counting)
    assert (summary.frames, summary.kept, len(asked)) == (3, ("v0",), 4)
    assert pq.read_table(out / "annotations.parquet").num_rows == 6
    assert run(recording, out, Mortal).outcomes == ()


def test_a_folder_of_another_run_is_refused(recording, images, tmp_path):
    run(recording, tmp_path / "out")
    with pytest.raises(DatasetFormatError, match="begun with other recording, queries; choose another folder"):
        run(images, tmp_path / "out", queries=(("Else?",),))
    run(recording, tmp_path / "out")


def test_a_folder_with_somebody_elses_images_is_refused(recording, rectangle_dataset):
    before = sorted(recording.rglob("*"))
    for out in (recording, rectangle_dataset):
        with pytest.raises(DatasetFormatError, match="of something else; choose another folder"):
            run(recording, out)
    assert sorted(recording.rglob("*")) == before


def test_a_job_that_is_damaged_is_told(recording, tmp_path):
    run(recording, tmp_path / "out")
    for content, sentence in ((b"{", "is not JSON"), (b"\xff", "is not JSON"), (b"[]", "begun with other recording")):
        (tmp_path / "out" / "job.json").write_bytes(content)
        with pytest.raises(DatasetFormatError, match=sentence):
            run(recording, tmp_path / "out")


class Failing(ScriptedEngine):
    def interpret(self, frame, query, progress=None):
        raise EngineError("no memory")


def test_an_engine_that_fails_at_every_frame_ends_the_run(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(8):
        cv2.imwrite(str(folder / f"{number}.png"), picture(0))
    with pytest.raises(EngineError, match="failed at 5 frames in a row, last: no memory"):
        run(folder, tmp_path / "out", Failing)


def test_every_nth_frame(video, tmp_path):
    assert [outcome.id for outcome in run(video, tmp_path / "out", every=3).outcomes] == ["clip_000000", "clip_000003"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing", None, "no such file or folder"),
        ("run.db3", b"SQLite format 3", "damaged or no bag in SQLite"),
        ("notes.txt", b"hello", "is no recording: known are"),
        ("clip.mp4", b"not a video", "not a video that OpenCV can read"),
        ("run.mcap", b"not a bag", "damaged or no MCAP file"),
    ],
)
def test_what_is_no_recording_is_told(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetFormatError, match=sentence):
        run(tmp_path / name, tmp_path / "out")


def test_labels_are_asked_and_compared(rectangle_dataset, tmp_path):
    labels = Labels(rectangle_dataset, "test", queries_per_image=3, seed=1)
    summary = run(rectangle_dataset, tmp_path / "out", queries=(), labels=labels)
    assert summary.frames == len(EgoIrgBench(rectangle_dataset, "test"))
    parts = map(read_part, sorted((tmp_path / "out" / "parts").glob("*.parquet")))
    dataset = EgoIrgBench(rectangle_dataset, "test")
    stored = evaluate_stored(parts, dataset, 3, seed=1).to_json()
    asked_anew = evaluate(ScriptedEngine(), dataset, 3, seed=1).to_json()
    for part in ("grounding", "answer", "indicator"):
        assert stored[part] == asked_anew[part]


def test_labels_of_other_frames_are_told(images, rectangle_dataset, tmp_path):
    with pytest.raises(DatasetFormatError, match="has no frame of a name that"):
        run(images, tmp_path / "out", queries=(), labels=Labels(rectangle_dataset))


def test_workers_without_ray_say_how_to_get_it(recording, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'annexe-ros\[serve\]'"):
        run(recording, tmp_path / "out", workers=2)


def test_what_is_written_is_a_recording_again(bag, tmp_path):
    run(bag, tmp_path / "out")
    frames = Recording.open(tmp_path / "out")
    first = frames.read(frames.frames[0])
    assert [(frame.id, frame.stamp_ns) for frame in frames.frames] == [("run_000000", 1000), ("run_000001", 1001)]
    assert (first.camera, first.frame_id) == (CAMERA, "head_camera")
    assert np.allclose(first.depth, 0.6)
    again = run(tmp_path / "out", tmp_path / "again")
    assert len(again.ended(Ending.DONE)) == 2


def test_rviz_is_told_what_there_is_to_show(bag, tmp_path):
    run(bag, tmp_path / "out")
    shown = yaml.safe_load((tmp_path / "out" / "annotations.rviz").read_text())["Visualization Manager"]
    with (tmp_path / "out" / "annotations.mcap").open("rb") as stream:
        summary = make_reader(stream).get_summary()
    offered = {channel.topic: summary.schemas[channel.schema_id].name for channel in summary.channels.values()}
    kinds = {"rviz_default_plugins/Image": "CompressedImage", "rviz_default_plugins/MarkerArray": "MarkerArray"}
    displays = [display for display in shown["Displays"] if "Topic" in display]
    assert len(displays) == 4
    for display in displays:
        assert offered[display["Topic"]["Value"]].endswith(kinds[display["Class"]])
    assert shown["Global Options"]["Fixed Frame"] == "head_camera"


def test_a_disk_that_takes_no_more_is_one_sentence(recording, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    run(recording, tmp_path / "out", every=2)
    (tmp_path / "out" / "parts" / "v0.parquet").unlink()
    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DatasetFormatError, match=r"v0\.parquet: can't be written \(No space left on device\)"):
        run(recording, tmp_path / "out", every=2)
