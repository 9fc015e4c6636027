"""What a run writes: table, parts, training set, MCAP with its view for rviz, and a recording again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")
import pyarrow.parquet as pq
from annotated import CAMERA, QUERIES, picture, run
from mcap.reader import make_reader

from annexe_ros.core import Frame, Query
from annexe_ros.data.annotation.annotator import Ending
from annexe_ros.data.annotation.bag_frames import typestore
from annexe_ros.data.annotation.parts import read_part
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.recording import Recording
from annexe_ros.inference import ScriptedEngine


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


def test_what_is_written_is_a_recording_again(bag, tmp_path):
    run(bag, tmp_path / "out")
    frames = Recording.open(tmp_path / "out")
    first = frames.read(frames.frames[0])
    assert [(frame.id, frame.stamp_ns) for frame in frames.frames] == [("run_000000", 1000), ("run_000001", 1001)]
    assert (first.camera, first.frame_id) == (CAMERA, "head_camera")
    assert np.allclose(first.depth, 0.6)
    again = run(tmp_path / "out", tmp_path / "again")
    assert len(again.ended(Ending.DONE)) == 2
