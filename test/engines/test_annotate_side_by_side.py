"""Annotating with several workers on a real Ray, one of which is killed."""

from __future__ import annotations

import time
from functools import partial
from threading import Thread

import cv2
import numpy as np
import pytest

pytest.importorskip("ray", reason="Ray is not installed: pip install annexe-ros[serve]")
pytest.importorskip("rosbags", reason="rosbags is not installed: pip install annexe-ros[annotate]")
import pyarrow.parquet as pq
from private_ray import private_ray, processes_of_ray

from annexe_ros.core.errors import EngineError, ParameterError
from annexe_ros.data.annotation.annotator import Ending
from annexe_ros.data.annotation.job import annotate
from annexe_ros.data.annotation.plan import AnnotationPlan
from annexe_ros.inference import Script, ScriptedEngine, create_engine

pytestmark = [pytest.mark.engines, pytest.mark.slow]
FRAMES, LIMIT_S = 8, 120.0
SLOW = partial(ScriptedEngine, Script(stage_delay_s=0.1))


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(FRAMES):
        cv2.imwrite(str(folder / f"view_{number}.png"), np.full((48, 64, 3), 20 * number, np.uint8))
    return folder


def run(images, out, engine=SLOW, **settings):
    with private_ray():
        return annotate(AnnotationPlan(images, out, (("What?",),), **settings), engine)


def table(out):
    rows = pq.read_table(out / "annotations.parquet").to_pylist()
    return [(row["id"], row["query"], row["answer"], row["labels_png"]) for row in rows]


def test_several_workers_write_what_one_writes_although_one_is_killed(images, tmp_path):
    run(images, tmp_path / "one")
    killed = []

    def kill_one():
        end = time.monotonic() + LIMIT_S
        while len(list((tmp_path / "two").glob("parts/*.parquet"))) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        victim = processes_of_ray("MapWorker")[0]
        victim.kill()
        killed.append(victim)

    killer = Thread(target=kill_one)
    killer.start()
    summary = run(images, tmp_path / "two", workers=2)
    killer.join()
    assert len(killed) == 1
    assert len(summary.ended(Ending.DONE)) == FRAMES
    assert table(tmp_path / "two") == table(tmp_path / "one")


def test_an_engine_that_no_worker_can_make_is_one_sentence(images, tmp_path):
    with pytest.raises(EngineError, match=r"a worker failed: .*missing") as told:
        run(images, tmp_path / "out", partial(create_engine, "annexe", str(tmp_path / "missing")), workers=2)
    assert "\n" not in str(told.value)


def test_more_gpus_than_there_are_are_refused(images, tmp_path):
    with pytest.raises(ParameterError, match="2 workers with 64 GPU each need 128, Ray has"):
        run(images, tmp_path / "out", workers=2, gpus=64)
