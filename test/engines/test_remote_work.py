"""What a replica does with queries that come together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from annexe_ros.core import Frame, PinholeCamera, Query
from annexe_ros.core.errors import EngineError
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget
from annexe_ros.inference.remote import work
from annexe_ros.inference.remote.pictures import Encoding
from annexe_ros.inference.remote.wire import RemoteQuery, decode_reply, encode_query, pack, unpack
from annexe_ros.inference.remote.work import Job, Worker

pytestmark = pytest.mark.engines


class Batching(ScriptedEngine):
    """Takes batches; refuses the query "no", has a bug at "bug" and is sure of nothing at "unsure"."""

    def __init__(self, *script):
        super().__init__(*script)
        self.batches = []

    def interpret_batch(self, items):
        self.batches.append([item.frame for item in items])
        no = EngineError("no memory")
        return [no if item.query.text == "no" else self.interpret(item.frame, item.query) for item in items]

    def interpret(self, frame, query, progress=None):
        if query.text == "bug":
            raise RuntimeError("index out of range")
        reply = super().interpret(frame, query, progress)
        return replace(reply, target_score=math.nan) if query.text == "unsure" else reply


def job(text, brightness=9, timeout_s=5.0, gaze=None):
    frame = Frame(np.full((24, 32, 3), brightness, np.uint8), camera=PinholeCamera(32, 24, 30.0, 30.0, 15.5, 11.5))
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


def test_a_bug_in_a_batch_is_told_to_whom_it_concerns_and_the_others_are_answered():
    worker = Worker(Batching(), 10_000)
    assert [status for status, _ in worker.answer([job("yes"), job("bug"), job("yes")])] == [200, 500, 200]
    assert worker.answer([job("yes")])[0][0] == 200


def damaged(whole, **changes):
    """Return a job whose message differs from a whole one's."""
    facts, blobs = unpack(whole.message)
    changed = {key: {**facts[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
    return replace(whole, message=pack({**facts, **changed}, blobs))


@pytest.mark.parametrize(
    "changes",
    [
        {"query": {"gaze": [10**400, 3]}},
        {"camera": {"fx": 10**400}},
        {"camera": {"distortion": [0.0, 10**400, 0.0, 0.0, 0.0]}},
        {"timeout_s": 10**400},
    ],
)
def test_numbers_beyond_all_floats_are_refused_alone(changes):
    outcomes = Worker(Batching(), 10_000).answer([job("yes"), damaged(job("yes"), **changes), job("yes")])
    assert [status for status, _ in outcomes] == [200, 400, 200]
    assert b"no finite number" in outcomes[1][1]


def test_what_nobody_foresaw_in_a_query_is_told_to_who_asked_it(monkeypatch):
    decode = work.decode_query
    odd = job("odd")

    def decode_query(message, max_pixels):
        if message == odd.message:
            raise ZeroDivisionError("division by zero")
        return decode(message, max_pixels)

    monkeypatch.setattr(work, "decode_query", decode_query)
    outcomes = Worker(Batching(), 10_000).answer([job("yes"), odd, job("yes")])
    assert [status for status, _ in outcomes] == [200, 500, 200]
    assert b"reading the query failed (ZeroDivisionError: division by zero)" in outcomes[1][1]


def test_a_reply_that_cannot_be_sent_is_told_to_who_asked_for_it():
    outcomes = Worker(Batching(), 10_000).answer([job("yes"), job("unsure")])
    assert [status for status, _ in outcomes] == [200, 500]
    assert b"packing the reply failed" in outcomes[1][1]


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
