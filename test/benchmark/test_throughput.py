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
    engine = ScriptedEngine()
    answer = engine.interpret
    monkeypatch.setattr(engine, "interpret", lambda *call: time.sleep(0.02) or answer(*call))
    assert 0.5 < concurrency_gain(engine, images, queries(), callers=4, rounds=1) < 1.5
