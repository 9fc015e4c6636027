"""A run over a recording: killed and continued, with broken frames, refused where its folder is another's."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")
import pyarrow.parquet as pq
from annotated import picture, run

from annexe_ros.core.errors import DatasetFormatError, EngineError, MissingDependencyError
from annexe_ros.data.annotation.annotator import Ending
from annexe_ros.data.annotation.parts import read_part
from annexe_ros.data.annotation.plan import Labels
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.evaluation.runner import evaluate
from annexe_ros.evaluation.stored import evaluate_stored
from annexe_ros.inference import ScriptedEngine


def test_broken_frames_are_skipped_and_listed(images, tmp_path):
    out = tmp_path / "out"
    summary = run(images, out)
    assert [outcome.id for outcome in summary.ended(Ending.DONE)] == ["view_0", "view_2"]
    listed = json.loads((out / "skipped.json").read_text())
    assert [item["id"] for item in listed["skipped"]] == ["view_1"]
    assert "not a whole image that OpenCV can read" in listed["skipped"][0]["why"]


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
    process.join(600)
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


def test_an_unknown_split_is_refused_before_anything_is_made(images, tmp_path):
    with pytest.raises(DatasetFormatError, match="unknown split 'trian'; a dataset has: train, val, test"):
        run(images, tmp_path / "out", split="trian")
    assert not (tmp_path / "out").exists()


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


class OutOfMemoryOnce(ScriptedEngine):
    def interpret(self, frame, query, progress=None):
        if not frame.image[0, 0].any():
            raise RuntimeError("not enough memory")
        return super().interpret(frame, query)


def test_a_librarys_own_error_costs_its_frame_alone(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, pixels in enumerate((picture(0), np.zeros_like(picture(0)), picture(2))):
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
    summary = run(folder, tmp_path / "out", OutOfMemoryOnce)
    assert [outcome.id for outcome in summary.ended(Ending.DONE)] == ["0", "2"]
    (failed,) = summary.ended(Ending.FAILED)
    assert (failed.id, failed.why) == ("1", "RuntimeError: not enough memory")


def test_every_nth_frame(video, tmp_path):
    assert [outcome.id for outcome in run(video, tmp_path / "out", every=3).outcomes] == ["clip_000000", "clip_000003"]


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


def test_labels_with_white_space_to_spare_are_compared(rectangle_dataset, tmp_path):
    spaced = shutil.copytree(rectangle_dataset, tmp_path / "spaced")
    for file in (spaced / "dataset_split/test").glob("*.json"):
        records = json.loads(file.read_text())
        for question in (question for record in records for question in record["questions"]):
            question["query"] = f" {question['query'].replace(' ', '  ')}\n"
        file.write_text(json.dumps(records))
    run(spaced, tmp_path / "out", queries=(), labels=Labels(spaced, "test", queries_per_image=2))
    parts = map(read_part, (tmp_path / "out" / "parts").glob("*.parquet"))
    assert len(evaluate_stored(parts, EgoIrgBench(spaced, "test"), 2).queries) == 12


def test_labels_of_other_frames_are_told(images, rectangle_dataset, tmp_path):
    with pytest.raises(DatasetFormatError, match="has no frame of a name that"):
        run(images, tmp_path / "out", queries=(), labels=Labels(rectangle_dataset))


def test_workers_without_ray_say_how_to_get_it(recording, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'annexe-ros\[serve\]'"):
        run(recording, tmp_path / "out", workers=2)


def test_a_disk_that_takes_no_more_is_one_sentence(recording, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    run(recording, tmp_path / "out", every=2)
    (tmp_path / "out" / "parts" / "v0.parquet").unlink()
    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DatasetFormatError, match=r"v0\.parquet: can't be written \(No space left on device\)"):
        run(recording, tmp_path / "out", every=2)
