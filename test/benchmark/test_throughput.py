"""Throughput through the scheduler, with an engine that only waits."""

import time

import pytest

from annexe_ros.benchmark.throughput import concurrency_gain, queries_per_s
from annexe_ros.benchmark.views import queries, views
from annexe_ros.inference.scripted import ScriptedEngine

CALLS = 6


@pytest.fixture
def images():
    return views(2, size=(32, 24))


def test_every_call_is_answered_once(images, monkeypatch):
    engine, asked = ScriptedEngine(), []
    answer = engine.interpret

    def interpret(frame, query, progress):
        asked.append(frame)
        time.sleep(0.01)
        return answer(frame, query, progress)

    monkeypatch.setattr(engine, "interpret", interpret)
    speed = queries_per_s(engine, images, queries(), callers=3, calls=CALLS)
    assert 0 < speed <= 100
    assert len(set(asked)) == CALLS  # every frame is new, though the images come again


def test_one_worker_is_no_faster_for_many(images, monkeypatch):
    engine, worked = ScriptedEngine(), []
    answer = engine.interpret
    monkeypatch.setattr(engine, "interpret", lambda *call: worked.append(call) or answer(*call))
    monkeypatch.setattr("annexe_ros.benchmark.throughput.perf_counter", lambda: float(len(worked)))  # 1 s a query
    assert concurrency_gain(engine, images, queries(), callers=4, rounds=1) == 1.0
