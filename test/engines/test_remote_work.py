"""What a replica does with queries that come together."""

from __future__ import annotations

import numpy as np
import pytest

from annexe_ros.core import Frame, Query
from annexe_ros.core.errors import EngineError
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget
from annexe_ros.inference.remote.pictures import Encoding
from annexe_ros.inference.remote.wire import RemoteQuery, decode_reply, encode_query
from annexe_ros.inference.remote.work import Job, Worker

pytestmark = pytest.mark.engines


class Batching(ScriptedEngine):
    """Takes batches; refuses the query "no" and has a bug at "bug"."""

    def __init__(self, *script):
        super().__init__(*script)
        self.batches = []

    def interpret_batch(self, items):
        self.batches.append([item.frame for item in items])
        if any(item.query.text == "bug" for item in items):
            raise RuntimeError("index out of range")
        no = EngineError("no memory")
        return [no if item.query.text == "no" else self.interpret(item.frame, item.query) for item in items]


def job(text, brightness=9, timeout_s=5.0, gaze=None):
    frame = Frame(np.full((24, 32, 3), brightness, np.uint8))
    return Job.starting(
        encode_query(RemoteQuery(frame, Query(text, gaze=gaze), "a", 5.0), Encoding.RAW, 90, True), timeout_s
    )


def test_queries_that_come_together_are_one_batch_and_fail_alone():
    engine = Batching()
    worker = Worker(engine, 10_000)
    outcomes = worker.answer([job("yes"), job("no"), Job.starting(b"nonsense", 5.0), job("yes", timeout_s=0.0)])
    assert worker.takes_batches
    assert [status for status, _ in outcomes] == [200, 500, 400, 504]
    assert decode_reply(outcomes[0][1], 32, 24).answer == "mug"
    assert [len(batch) for batch in engine.batches] == [2]


def test_questions_about_the_gaze_are_answered_where_the_engine_is_and_in_no_batch():
    hand, mug = ScriptedTarget("right hand", (0.0, 0.0, 0.5, 1.0)), ScriptedTarget("mug", (0.5, 0.0, 0.5, 1.0))
    engine = Batching(Script(otherwise=ScriptedReply(targets=(hand, mug))))
    looks = [job("What am I looking at?", gaze=point) for point in ((5.0, 12.0), (27.0, 12.0))]
    outcomes = Worker(engine, 10_000).answer([looks[0], job("yes"), looks[1], job("and")])
    answers = [decode_reply(body, 32, 24).answer for _, body in outcomes]
    assert answers == ["right hand", "right hand and mug", "mug", "right hand and mug"]
    assert [len(batch) for batch in engine.batches] == [2]


def test_a_query_that_nobody_waits_for_is_not_worked_on():
    engine, gone = Batching(), job("yes")
    gone.abandoned.set()
    assert Worker(engine, 10_000).answer([gone, job("yes")])[0][0] == 499
    assert engine.batches == []


def test_a_bug_in_a_batch_is_told_to_all_of_it_and_the_next_one_is_answered():
    worker = Worker(Batching(), 10_000)
    assert [status for status, _ in worker.answer([job("yes"), job("bug")])] == [500, 500]
    assert worker.answer([job("yes")])[0][0] == 200


def test_queries_about_one_picture_share_what_the_engine_has_seen():
    engine = Batching()
    worker = Worker(engine, 10_000)
    for _ in range(2):
        worker.answer([job("yes"), job("yes", brightness=8)])
    (first, other), (again, _) = engine.batches
    assert again is first
    assert other is not first


def test_an_engine_without_batches_is_asked_one_by_one():
    worker = Worker(ScriptedEngine(), 10_000)
    assert not worker.takes_batches
    assert [status for status, _ in worker.answer([job("yes"), job("yes")])] == [200, 200]


@pytest.mark.model
def test_a_batch_is_answered_as_each_query_alone(tiny_folder):
    annexe = pytest.importorskip("annexe_ros.inference.annexe", reason="PyTorch is not installed")
    worker, alone = (Worker(annexe.AnnexeEngine(tiny_folder, "cpu"), 10_000) for _ in range(2))
    jobs = [job(text, brightness) for text, brightness in (("mug?", 9), ("hand?", 90), ("mug?", 200))]
    assert worker.takes_batches
    together, apart = worker.answer(jobs), [alone.answer([each])[0] for each in jobs]
    for (status, reply), (_, expected) in zip(together, apart, strict=True):
        assert status == 200
        first, second = (decode_reply(data, 32, 24) for data in (reply, expected))
        assert (first.analysis, first.answer) == (second.analysis, second.answer)
        assert (first.label_image != second.label_image).mean() < 0.01
