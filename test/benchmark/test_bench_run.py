"""A whole run on a tiny model, all but the node, which has processes of its own."""

import json

import pytest

from annexe_ros.core.errors import EngineError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


def test_a_run_fills_in_every_figure_and_notes_what_it_could_not_measure(tiny_folder, monkeypatch):
    from annexe_ros.benchmark import run as benchmark_run
    from annexe_ros.benchmark.run import QUICK, run

    monkeypatch.setattr(benchmark_run, "checkout", lambda: None)
    seen = []
    report = run(tiny_folder, "cpu", "float32", QUICK, lambda done, total: seen.append((done, total)))
    figures = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert seen == [(1, 2), (2, 2)]
    assert figures["outputs_equal"] is (figures["differences"] == [])
    assert figures["first_query_speedup"] > 0
    assert {"decode", "preprocess", "encode", "prefill", "analyse", "answer", "ground", "postprocess"} <= set(
        figures["stages_ms"]
    )
    assert figures["limits"]["encode_gflop"] > 0
    assert figures["node"] is None
    assert benchmark_run.NO_CHECKOUT_NOTE in figures["notes"]


def test_a_node_that_does_not_start_is_noted(tiny_folder, monkeypatch, tmp_path):
    from annexe_ros.benchmark import run as benchmark_run

    def fails(*_):
        raise EngineError("the node told nothing")

    notes = []
    monkeypatch.setattr(benchmark_run, "measure_node", fails)
    monkeypatch.setattr(benchmark_run, "checkout", lambda: tmp_path)
    assert benchmark_run._node(tiny_folder, "cpu", 1, notes) is None
    assert notes == ["the node told nothing"]
