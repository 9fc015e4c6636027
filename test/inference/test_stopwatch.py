from types import SimpleNamespace

import pytest

from annexe_ros.inference import stopwatch
from annexe_ros.inference.stopwatch import Stopwatch


def test_stages_follow_each_other_without_a_gap(monkeypatch):
    now_s = 10.0
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: now_s))
    watch = Stopwatch()
    now_s = 10.1  # before the first stage
    with watch.stage("encode"):
        now_s = 10.3
    now_s = 10.8
    watch.note("answer", 10.7)  # what was done since belongs to the next stage
    with watch.stage("ground"):
        now_s = 11.0
    assert [latency.stage for latency in watch.latencies] == ["encode", "answer", "ground"]
    assert [latency.ms for latency in watch.latencies] == pytest.approx([300, 400, 300])
